using Hearth.Cli.Errors;

namespace Hearth.Cli.Functions;

/// <summary>The zip to upload: the user's own, or one made from a folder that lives as long as this object.</summary>
internal sealed class PackageFile : IDisposable
{
    private readonly bool _temporary;

    private PackageFile(string path, bool temporary)
    {
        Path = path;
        Length = new FileInfo(path).Length;
        _temporary = temporary;
    }

    public string Path { get; }

    public long Length { get; }

    public static PackageFile Open(string path)
    {
        if (Directory.Exists(path)) return FromFolder(path);
        if (!File.Exists(path)) throw CliException.Usage(path, "no such file or folder", "give a folder with the code or a .zip of it");
        var file = new PackageFile(path, temporary: false);
        RequireZip(file);
        RequireSize(file);
        return file;
    }

    private static PackageFile FromFolder(string folder)
    {
        var zip = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"hearth-deploy-{Guid.NewGuid():N}.zip");
        try
        {
            using (var output = new FileStream(zip, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.ReadWrite,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                FolderZip.Write(FolderTree.Read(folder), output);
            }
            var file = new PackageFile(zip, temporary: true);
            RequireSize(file);
            return file;
        }
        catch
        {
            File.Delete(zip);
            throw;
        }
    }

    private static void RequireZip(PackageFile file)
    {
        Span<byte> magic = stackalloc byte[4];
        using var stream = File.OpenRead(file.Path);
        if (stream.ReadAtLeast(magic, 4, throwOnEndOfStream: false) < 4 || magic[0] != 'P' || magic[1] != 'K')
            throw CliException.Usage(file.Path, "is neither a folder nor a zip file", "give the folder with the code, or zip it first");
    }

    private static void RequireSize(PackageFile file)
    {
        if (file.Length >= PackageLimits.ZippedBytes)
            throw CliException.Usage(file.Path, $"the zip has {file.Length} bytes; Zipped size must be smaller than {PackageLimits.ZippedBytes} bytes", "leave out what the function does not need");
    }

    public void Dispose()
    {
        if (_temporary) File.Delete(Path);
    }
}
