using Microsoft.Win32.SafeHandles;

namespace Hearth.Contracts.Archives;

/// <summary>Writes the nodes of a package. Modes are set after creation, so that the process's umask does not matter.</summary>
internal static class ArchiveFiles
{
    private const UnixFileMode Plain = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private const UnixFileMode Executable = Plain | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    public static void MakeFolder(string path)
    {
        Directory.CreateDirectory(path);
        SetMode(path, Executable);
    }

    public static void WriteFile(string path, ArchiveEntry entry, EntryReader reader, CancellationToken cancellationToken)
    {
        // CreateNew is O_EXCL: it fails on anything that is there, a link included.
        using SafeFileHandle file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.None);
        long offset = 0;
        reader.Read(entry, piece =>
        {
            RandomAccess.Write(file, piece.Span, offset);
            offset += piece.Length;
        }, cancellationToken);
        SetMode(path, entry.Executable ? Executable : Plain);
    }

    // The platform analyzer asks for the guard; Hearth runs on Linux only. No link is in the tree yet that the path could lead through.
    private static void SetMode(string path, UnixFileMode mode)
    {
        if (OperatingSystem.IsLinux())
            File.SetUnixFileMode(path, mode);
    }
}
