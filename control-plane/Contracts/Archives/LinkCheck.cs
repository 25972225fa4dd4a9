using System.Text;

namespace Hearth.Contracts.Archives;

/// <summary>
/// Symbolic links: Lambda keeps them, so relative ones that stay inside the package are kept too. Each is walked as the kernel would walk it, other
/// links of the package included: joining names alone would let two harmless-looking links leave the root together.
/// </summary>
internal sealed class LinkCheck(ArchiveTree tree, Dictionary<string, string> targets)
{
    // The kernel's own MAXSYMLINKS.
    private const int MaxExpansions = 40;

    // A budget for all links together, in letters of the paths looked up on the way: 100,000 links through each other must not cost more than reading the zip.
    private long _letters = 256 << 20;

    public void CheckAll()
    {
        foreach ((string path, string target) in targets)
            Check(path, target);
    }

    private void Check(string path, string target)
    {
        if (target.Length == 0 || target.Contains('\0'))
            throw ArchiveErrors.Entry(path, "it is a link without a valid target", "leave it out");
        if (target[0] == '/')
            throw ArchiveErrors.Entry(path, $"it links to the absolute path {ArchiveErrors.Quote(target)}", "make the link relative, or put the file itself in the zip");

        var at = new List<string>(Parent(path));
        int length = at.Sum(Bytes);
        var pending = new Stack<string>();
        Push(pending, target);
        int expansions = 0;
        while (pending.TryPop(out string? part))
        {
            _letters -= length + part.Length;
            if (_letters < 0)
                throw ArchiveErrors.Entry(path, "following the zip's links takes too many steps", "replace links by the files themselves");
            if (part == "..")
            {
                if (at.Count == 0)
                    throw ArchiveErrors.Entry(path, $"it links to {ArchiveErrors.Quote(target)}, outside the package", "put the file itself in the zip");
                length -= Bytes(at[^1]);
                at.RemoveAt(at.Count - 1);
                continue;
            }

            at.Add(part);
            length += Bytes(part);
            // Nothing in the package is there, so nobody misses it; without an end, links through links pile up names, and each step costs all of them.
            if (length > CodeArchiveLimits.MaxPathBytes + 1)
                throw ArchiveErrors.Entry(path, $"it leads to a path longer than {CodeArchiveLimits.MaxPathBytes} bytes", "leave it out");
            string here = string.Join('/', at);
            if (!tree.IsLink(here))
                continue;
            if (++expansions > MaxExpansions)
                throw ArchiveErrors.Entry(path, "it is part of a loop of links", "leave it out");
            length -= Bytes(part);
            at.RemoveAt(at.Count - 1);
            // An absolute target is refused when its own entry is checked.
            Push(pending, targets[here]);
        }
    }

    // With the '/' after it.
    private static int Bytes(string part) => Encoding.UTF8.GetByteCount(part) + 1;

    private static string[] Parent(string path) => path.LastIndexOf('/') is var cut and > 0 ? path[..cut].Split('/') : [];

    private static void Push(Stack<string> pending, string target)
    {
        string[] parts = target.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = parts.Length - 1; i >= 0; i--)
        {
            if (parts[i] != ".")
                pending.Push(parts[i]);
        }
    }
}
