namespace Hearth.Bench.Load.Invocations;

/// <summary>One connection: one call at a time, on the calling thread.</summary>
internal interface ICaller : IDisposable
{
    /// <param name="number">0-99,999,999; stands in the payload, and has to stand in the answer.</param>
    /// <exception cref="BenchException">The answer is not the one that belongs to this request.</exception>
    void Call(int number);
}

/// <summary>The eight digits in a payload and in the answer to it.</summary>
internal static class Numbered
{
    public static int Find(ReadOnlySpan<byte> template)
    {
        var at = template.IndexOf("00000000"u8);
        return at >= 0 ? at : throw new ArgumentException("no digits in the template", nameof(template));
    }

    public static void Write(Span<byte> digits, int number)
    {
        for (var i = 7; i >= 0; i--, number /= 10)
            digits[i] = (byte)('0' + (number % 10));
    }
}
