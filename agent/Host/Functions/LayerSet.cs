using System.Security.Cryptography;
using System.Text;

namespace Hearth.Agent.Functions;

/// <summary>The layers of a function in order, and the one folder of the code store that is mounted for them.</summary>
internal sealed class LayerSet
{
    private LayerSet(IReadOnlyList<string> zips)
    {
        Zips = zips;
        Hash = zips.Count == 1 ? zips[0] : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes("hearth layers\n" + string.Join('\n', zips))));
    }

    /// <summary>Hashes of the zips, lower-case hex.</summary>
    public IReadOnlyList<string> Zips { get; }

    /// <summary>Of the folder: a single layer's own, else one that is made of all hashes in their order.</summary>
    public string Hash { get; }

    public bool IsMerged => Zips.Count > 1;

    /// <summary>Null when there are none.</summary>
    public static LayerSet? Of(IReadOnlyList<string> zips) => zips.Count == 0 ? null : new LayerSet([.. zips]);
}
