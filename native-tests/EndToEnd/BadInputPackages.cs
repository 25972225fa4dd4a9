using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Deployment packages that must be refused, each in one way only: otherwise they would be good.</summary>
internal static class BadInputPackages
{
    private const int SymbolicLink = 0b1_010_000_111_111_111; // S_IFLNK | 0777

    public static byte[] Of(string name) => name switch
    {
        "good" => Zip(("app.py", "def handle(event, context):\n    return event\n", 0)),
        "damaged" => Damaged(),
        "bomb" => Bomb(),
        "bomb that lies about its size" => LyingBomb(),
        "traversal" => Zip(("../evil.py", "x", 0)),
        "traversal inside" => Zip(("a/../../evil.py", "x", 0)),
        "absolute" => Zip(("/etc/evil", "x", 0)),
        "link to the host" => Zip(("passwd", "/etc/passwd", SymbolicLink)),
        "link out of the package" => Zip(("up", "../../../../etc", SymbolicLink)),
        "file behind a link" => Zip(("d", "/etc", SymbolicLink), ("d/evil", "x", 0)),
        "the same name twice" => Zip(("app.py", "a", 0), ("app.py", "b", 0)),
        _ => throw new ArgumentException(name),
    };

    private static byte[] Zip(params (string Name, string Text, int Mode)[] entries)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach (var (name, text, mode) in entries)
            {
                var entry = archive.CreateEntry(name);
                entry.ExternalAttributes = (mode == 0 ? 0b1_000_000_110_100_100 : mode) << 16;
                using var stream = entry.Open();
                stream.Write(Encoding.UTF8.GetBytes(text));
            }
        }

        return memory.ToArray();
    }

    /// <summary>One byte over Lambda's 262,144,000 unpacked, 255 KiB packed.</summary>
    private static byte[] Bomb()
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var stream = archive.CreateEntry("zeros", CompressionLevel.Fastest).Open();
            var block = new byte[1 << 20];
            for (var left = 262_144_001; left > 0; left -= block.Length)
                stream.Write(block, 0, Math.Min(left, block.Length));
        }

        return memory.ToArray();
    }

    /// <summary>The same, and both headers say 1,000 bytes.</summary>
    private static byte[] LyingBomb()
    {
        var zip = Bomb();
        var directory = zip.AsSpan().LastIndexOf("PK\x01\x02"u8);
        BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(directory + 24), 1_000);
        BinaryPrimitives.WriteUInt32LittleEndian(zip.AsSpan(22), 1_000);
        return zip;
    }

    /// <summary>A bit of the compressed data is wrong: only the checksum tells.</summary>
    private static byte[] Damaged()
    {
        var zip = Zip(("app.py", string.Concat(Enumerable.Range(0, 2000).Select(i => $"x{i} = {i}\n")), 0));
        zip[200] ^= 0x10;
        return zip;
    }
}
