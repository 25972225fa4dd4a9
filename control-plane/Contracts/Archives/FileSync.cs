using static Tmds.Linux.LibC;

namespace Hearth.Contracts.Archives;

/// <summary>Makes names and contents survive a power cut; .NET itself cannot open a folder to sync it.</summary>
public static class FileSync
{
    /// <summary>fsync of a folder: the names created, renamed or removed in it are durable.</summary>
    /// <exception cref="IOException"/>
    public static void Folder(string path) => WithFolder(path, "fsync", static fd => fsync(fd));

    /// <summary>syncfs: everything written to the file system that holds this folder is durable. Cheaper than thousands of fsync calls.</summary>
    /// <exception cref="IOException"/>
    public static void FileSystemOf(string path) => WithFolder(path, "syncfs", static fd => syncfs(fd));

    private static unsafe void WithFolder(string path, string call, Func<int, int> action)
    {
        int fd;
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(path + '\0'))
            fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
            throw new IOException($"open {path}: errno {errno}");
        try
        {
            if (action(fd) < 0)
                throw new IOException($"{call} {path}: errno {errno}");
        }
        finally
        {
            _ = close(fd);
        }
    }
}
