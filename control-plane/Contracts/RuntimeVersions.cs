using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Hearth.Contracts.V1;

namespace Hearth.Contracts;

/// <summary>Which installed runtime runs a Lambda runtime id, and what its version is called: agents decide by it, and the control plane says what they will do.</summary>
public static class RuntimeVersions
{
    /// <summary>The one that the operator has given the id to; else the nearest version, of two equally near ones the newer; of two that are equal the first.</summary>
    /// <param name="runtime">"python3.12", "nodejs20.x"; a bare language means the first.</param>
    /// <param name="installed">Of that language, its default first. Their ids are those that the operator has given to them.</param>
    /// <returns>Null when none is installed.</returns>
    public static RuntimeInfo? Choose(string runtime, IEnumerable<RuntimeInfo> installed)
    {
        int[] wanted = Parts(runtime[Math.Max(0, runtime.AsSpan().IndexOfAnyInRange('0', '9'))..]);
        RuntimeInfo? chosen = null;
        foreach (RuntimeInfo info in installed)
        {
            if (info.RuntimeIds.Contains(runtime))
                return info;
            if (info.InstalledVersion.Length > 0 && (chosen is null || Compare(Parts(info.InstalledVersion), Parts(chosen.InstalledVersion), wanted) < 0))
                chosen = info;
        }

        return chosen;
    }

    /// <summary>As INIT_START names it: "python:3.11.2".</summary>
    public static string Name(string language, string version) => $"{language}:{version}";

    /// <summary>Lambda names a runtime's build by a hash; here it is that of its name and version.</summary>
    public static string Arn(string region, string language, string version) =>
        $"arn:aws:lambda:{region}::runtime:{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Name(language, version))))}";

    /// <returns>Below 0 when <paramref name="one"/> is nearer to what is wanted than the other, or as near and newer.</returns>
    private static int Compare(int[] one, int[] other, int[] wanted)
    {
        for (int i = 0; i < wanted.Length; i++)
        {
            (int a, int b) = (At(one, i), At(other, i));
            int distance = Math.Abs(a - wanted[i]).CompareTo(Math.Abs(b - wanted[i]));
            if (distance != 0 || a != b)
                return distance != 0 ? distance : b.CompareTo(a);
        }

        return 0;
    }

    private static int At(int[] parts, int index) => index < parts.Length ? parts[index] : 0;

    /// <summary>The numbers that a text begins with: "20.x" is 20, "3.11.2" is 3, 11 and 2, "al2023" is nothing.</summary>
    private static int[] Parts(string text) =>
        [.. text.Split('.').TakeWhile(part => part.Length is > 0 and < 9 && part.All(char.IsAsciiDigit)).Select(part => int.Parse(part, CultureInfo.InvariantCulture))];
}
