using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Contracts.Archives;

/// <summary>
/// A deployment package (zip), taken as hostile. The control plane verifies it before it is stored, the agent unpacks it with the same code.
/// Every refusal is a <see cref="LambdaException"/> that names the entry, the cause and the fix.
/// </summary>
public sealed class CodeArchive : IDisposable
{
    private readonly SafeFileHandle _file;
    private readonly long _directoryStart;
    private readonly ArchiveTree _tree;

    private CodeArchive(SafeFileHandle file)
    {
        _file = file;
        long length = RandomAccess.GetLength(file);
        if (length > CodeArchiveLimits.MaxStoredZipBytes)
            throw ArchiveErrors.ZippedTooLarge(CodeArchiveLimits.MaxStoredZipBytes);
        if (length == 0)
            throw ArchiveErrors.Empty();
        List<ArchiveEntry> entries = ZipDirectory.Read(file, length, out _directoryStart);
        Entries = entries;
        if (!entries.Exists(e => e.Kind != ArchiveEntryKind.Folder))
            throw ArchiveErrors.Empty();
        RefuseOverlaps(entries);
        _tree = new ArchiveTree(entries);
        // Honest bombs are refused here, lying ones while they are read.
        if (entries.Sum(e => e.Kind == ArchiveEntryKind.Folder ? 0 : Math.Min(e.Size, CodeArchiveLimits.MaxUnzippedBytes + 1)) > CodeArchiveLimits.MaxUnzippedBytes)
            throw ArchiveErrors.UnzippedTooLarge();
    }

    public IReadOnlyList<ArchiveEntry> Entries { get; }

    /// <summary>Reads the directory and refuses bad names, collisions, encrypted or strange entries; contents are not read yet.</summary>
    public static CodeArchive Open(string path)
    {
        SafeFileHandle file = File.OpenHandle(path);
        try
        {
            return new CodeArchive(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Inflates everything once: sizes, checksums and link targets. Returns the unpacked size in bytes.</summary>
    public long Verify(CancellationToken cancellationToken = default)
    {
        var reader = new EntryReader(_file, _directoryStart);
        foreach (ArchiveEntry entry in Entries)
        {
            if (entry.Kind == ArchiveEntryKind.File)
                reader.Read(entry, static _ => { }, cancellationToken);
        }

        ReadLinks(reader, cancellationToken);
        return Entries.Sum(e => e.Kind == ArchiveEntryKind.Folder ? 0 : e.Size);
    }

    /// <summary>Unpacks into <paramref name="folder"/>, which must exist and be empty, verifying on the way. Folders and files that carry x become 0755, others 0644.</summary>
    public void ExtractTo(string folder, CancellationToken cancellationToken = default)
    {
        foreach (string path in _tree.Folders)
            ArchiveFiles.MakeFolder(Path.Join(folder, path));
        var reader = new EntryReader(_file, _directoryStart);
        foreach (ArchiveEntry entry in Entries)
        {
            if (entry.Kind == ArchiveEntryKind.File)
                ArchiveFiles.WriteFile(Path.Join(folder, entry.Path), entry, reader, cancellationToken);
        }

        // Links come last: while files are written there is no link in the tree that could be followed.
        foreach ((string path, string target) in ReadLinks(reader, cancellationToken))
            File.CreateSymbolicLink(Path.Join(folder, path), target);
    }

    public void Dispose() => _file.Dispose();

    /// <summary>
    /// Apart, the entries' data together are no longer than the file, so inflating all of them reads it once. Were one stretch everybody's, 100,000 entries could
    /// make of 50 MB some terabytes of input, and with empty deflate blocks not a byte of output that a bound could count. No zip tool shares data.
    /// </summary>
    private static void RefuseOverlaps(List<ArchiveEntry> entries)
    {
        long free = 0;
        foreach (ArchiveEntry entry in entries.OrderBy(e => e.HeaderOffset))
        {
            if (entry.HeaderOffset < free)
                throw ArchiveErrors.Entry(entry.Path, "its data overlaps another entry's", "zip it again");
            free = entry.EarliestEnd;
        }
    }

    private Dictionary<string, string> ReadLinks(EntryReader reader, CancellationToken cancellationToken)
    {
        var targets = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (ArchiveEntry entry in Entries)
        {
            if (entry.Kind != ArchiveEntryKind.Link)
                continue;
            if (entry.Size > CodeArchiveLimits.MaxLinkTargetBytes)
                throw ArchiveErrors.Entry(entry.Path, $"its link target is longer than {CodeArchiveLimits.MaxLinkTargetBytes} bytes", "leave it out");
            using var bytes = new MemoryStream();
            reader.Read(entry, piece => bytes.Write(piece.Span), cancellationToken);
            targets.Add(entry.Path, Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
        }

        new LinkCheck(_tree, targets).CheckAll();
        return targets;
    }
}
