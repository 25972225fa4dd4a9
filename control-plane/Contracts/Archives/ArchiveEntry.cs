namespace Hearth.Contracts.Archives;

public enum ArchiveEntryKind
{
    File,
    Folder,
    Link,
}

/// <summary>One entry of a package, its name already checked and normalised.</summary>
/// <param name="Path">Relative, '/' between components, none of them empty, "." or "..".</param>
/// <param name="Executable">Any x bit of the Unix mode in the external attributes; unpacked as 0755, else 0644.</param>
public sealed record ArchiveEntry(string Path, ArchiveEntryKind Kind, bool Executable, long Size)
{
    internal ushort Method { get; init; }

    internal uint Crc32 { get; init; }

    internal long CompressedSize { get; init; }

    internal long HeaderOffset { get; init; }

    /// <summary>Where its data ends at the earliest: the local header's name and extra field are not read yet.</summary>
    internal long EarliestEnd => HeaderOffset + EntryReader.LocalHeaderLength + CompressedSize;
}
