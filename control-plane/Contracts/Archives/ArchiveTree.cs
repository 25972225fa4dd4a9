namespace Hearth.Contracts.Archives;

/// <summary>What the package would look like unpacked; refuses names that collide, before anything is written.</summary>
internal sealed class ArchiveTree
{
    private readonly Dictionary<string, ArchiveEntryKind> _nodes = new(StringComparer.Ordinal);

    /// <summary>Folders, parents before children, whether listed or only implied.</summary>
    public List<string> Folders { get; } = [];

    public ArchiveTree(List<ArchiveEntry> entries)
    {
        foreach (ArchiveEntry entry in entries)
        {
            AddFolders(entry.Path, upTo: entry.Path.LastIndexOf('/'), entry.Path);
            if (entry.Kind == ArchiveEntryKind.Folder)
                AddFolder(entry.Path, entry.Path);
            else if (_nodes.TryAdd(entry.Path, entry.Kind))
                CheckCount();
            else
                throw ArchiveErrors.Entry(entry.Path, "the zip holds this name twice", "zip it again from one folder");
        }
    }

    public bool IsLink(string path) => _nodes.TryGetValue(path, out ArchiveEntryKind kind) && kind == ArchiveEntryKind.Link;

    private void AddFolders(string path, int upTo, string entry)
    {
        if (upTo <= 0 || (_nodes.TryGetValue(path[..upTo], out ArchiveEntryKind kind) && kind == ArchiveEntryKind.Folder))
            return;
        AddFolders(path, path.LastIndexOf('/', upTo - 1), entry);
        AddFolder(path[..upTo], entry);
    }

    private void AddFolder(string path, string entry)
    {
        if (_nodes.TryAdd(path, ArchiveEntryKind.Folder))
        {
            CheckCount();
            Folders.Add(path);
        }
        else if (_nodes[path] != ArchiveEntryKind.Folder)
        {
            // A file below a link would be written wherever the link points.
            throw ArchiveErrors.Entry(entry, $"{ArchiveErrors.Quote(path)} is both a folder and a file or link", "zip it again from one folder");
        }
    }

    private void CheckCount()
    {
        if (_nodes.Count > CodeArchiveLimits.MaxNodes)
            throw ArchiveErrors.TooManyNodes();
    }
}
