using System.Text;
using Hearth.Contracts;
using Hearth.Contracts.Archives;

namespace Hearth.Agent.Functions;

/// <summary>
/// Puts unpacked layers together in one folder, as if they had been unpacked over each other: what a later one holds replaces what is there. Files are hard links,
/// so that a layer takes its room on the disk once. The layers are tenants' trees: no link in them is followed, neither while reading nor while writing.
/// </summary>
internal static unsafe class LayerMerge
{
    /// <summary>Makes <paramref name="destination"/> by way of a folder below <paramref name="stagingRoot"/> (same file system): it is absent or whole.</summary>
    /// <exception cref="LambdaException">The layers together hold more files, links and folders than one package may.</exception>
    /// <exception cref="IOException">The disk is full, or a layer is gone.</exception>
    public static void Install(IEnumerable<string> layers, string stagingRoot, string destination, int maxNodes = CodeArchiveLimits.MaxNodes) => WholeFolder.Make(stagingRoot, destination, staging =>
    {
        // Links of files take no room, folders do: of the same few layers as many merged folders can be asked for as they have orders.
        var left = maxNodes;
        foreach (var layer in layers)
        {
            if (!Add(layer, staging, ref left))
                throw new LambdaException(LambdaError.InvalidParameterValue($"The layers hold more than {maxNodes} files and folders together; leave out of them what the function does not load"));
        }
    });

    /// <summary>False when there were more than <paramref name="left"/>.</summary>
    private static bool Add(string from, string to, ref int left)
    {
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            if (--left < 0)
                return false;
            var target = Path.Join(to, entry.Name);
            if (entry.LinkTarget is { } link)
            {
                Clear(target, keepFolder: false);
                File.CreateSymbolicLink(target, link);
            }
            else if (entry is DirectoryInfo)
            {
                Clear(target, keepFolder: true);
                if (!Directory.Exists(target))
                    WholeFolder.MakeEmpty(target);
                if (!Add(entry.FullName, target, ref left))
                    return false;
            }
            else
            {
                Clear(target, keepFolder: false);
                Link(entry.FullName, target);
            }
        }

        return true;
    }

    /// <summary>Takes away what an earlier layer has put there. A link is taken away itself, never what it points to.</summary>
    private static void Clear(string path, bool keepFolder)
    {
        var there = new FileInfo(path);
        if (there.LinkTarget is not null || there.Exists)
            File.Delete(path);
        else if (!keepFolder && Directory.Exists(path))
            Directory.Delete(path, recursive: true);
    }

    private static void Link(string from, string to)
    {
        fixed (byte* source = Text(from), target = Text(to))
        {
            // A file can have so many names only (EMLINK), and not every file system knows links.
            if (Tmds.Linux.LibC.link(source, target) < 0)
                File.Copy(from, to);
        }
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + "\0");
}
