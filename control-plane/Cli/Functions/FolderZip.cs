using System.IO.Compression;
using System.Text;

namespace Hearth.Cli.Functions;

/// <summary>
/// Writes the same bytes for the same files: fixed order, fixed times, modes reduced to "executable or not". So that deploying an unchanged folder twice
/// has one content hash, and a node keeps its warm code.
/// </summary>
internal static class FolderZip
{
    private const int RegularFile = 0x8000; // S_IFREG
    private const int SymbolicLink = 0xA000; // S_IFLNK

    // The earliest time a zip can hold.
    private static readonly DateTimeOffset FixedTime = new(1980, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void Write(IReadOnlyList<FolderEntry> entries, Stream output)
    {
        using var zip = new ZipArchive(output, ZipArchiveMode.Create, leaveOpen: true, Encoding.UTF8);
        foreach (var entry in entries)
        {
            var zipped = zip.CreateEntry(entry.Name, CompressionLevel.Optimal);
            zipped.LastWriteTime = FixedTime;
            zipped.ExternalAttributes = Mode(entry) << 16;
            using var content = zipped.Open();
            if (entry.LinkTarget is not null)
            {
                content.Write(Encoding.UTF8.GetBytes(entry.LinkTarget));
                continue;
            }
            using var file = File.OpenRead(entry.FullPath);
            file.CopyTo(content);
        }
    }

    private static int Mode(FolderEntry entry)
    {
        if (entry.LinkTarget is not null) return SymbolicLink | Convert.ToInt32("777", 8);
        return RegularFile | Convert.ToInt32(entry.Executable ? "755" : "644", 8);
    }
}
