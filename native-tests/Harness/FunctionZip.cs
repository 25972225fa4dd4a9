using System.IO.Compression;
using System.Text;

namespace Hearth.NativeTests.Harness;

/// <summary>Zips for deploying.</summary>
internal static class FunctionZip
{
    public static byte[] Of(params (string Name, string Text)[] files) => Of(files.Select(file => (file.Name, Encoding.UTF8.GetBytes(file.Text))));

    /// <summary>Files by their own names, whatever folder they are in.</summary>
    public static byte[] OfFiles(IEnumerable<string> paths) => Of(paths.Select(path => (Path.GetFileName(path), File.ReadAllBytes(path))));

    /// <summary>The files of a folder beside the tests.</summary>
    public static byte[] OfFolder(string relative) =>
        OfFiles(Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, relative)));

    /// <summary>All of them may be executed, as a bootstrap and extensions must be.</summary>
    public static byte[] OfPrograms(params (string Name, byte[] Content)[] files) => Of(files, 0b111_101_101);

    public static byte[] Of(IEnumerable<(string Name, byte[] Content)> files, int mode = 0b110_100_100)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, content) in files)
            {
                var entry = archive.CreateEntry(name, CompressionLevel.Fastest);
                entry.ExternalAttributes = (0b1_000_000_000_000_000 | mode) << 16;
                using var stream = entry.Open();
                stream.Write(content);
            }
        }

        return memory.ToArray();
    }
}
