namespace Hearth.NativeTests.EndToEnd;

/// <summary>A C# function that the tests deploy: this assembly is its package.</summary>
public sealed class DotnetBehaviours
{
    public const string Handler = "Hearth.NativeTests::Hearth.NativeTests.EndToEnd.DotnetBehaviours::Garbage";

    /// <summary>Makes this many rounds of short-lived objects, small ones and some for the large object heap.</summary>
    public static long Garbage(int rounds)
    {
        long total = 0;
        for (var round = 0; round < rounds; round++)
        {
            var small = new List<byte[]>();
            for (var i = 0; i < 64; i++)
                small.Add(new byte[4096]);
            var large = new byte[1 << 20];
            for (var i = 0; i < large.Length; i += 4096)
                large[i] = 1;
            total += large.Length + small.Count;
        }

        return total;
    }
}
