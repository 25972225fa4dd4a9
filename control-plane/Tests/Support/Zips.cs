using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace Hearth.ControlPlane.Tests.Support;

/// <summary>Good packages by the framework's own writer, hostile ones byte by byte.</summary>
internal static class Zips
{
    public static byte[] Good(string content = "def handler(event, context): return event\n") => Of(("app.py", content));

    public static byte[] Of(params (string Name, string Content)[] files)
    {
        var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            foreach ((string name, string content) in files)
            {
                ZipArchiveEntry listed = zip.CreateEntry(name);
                // Equal contents are equal bytes, whenever they are zipped.
                listed.LastWriteTime = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
                using Stream entry = listed.Open();
                entry.Write(Encoding.UTF8.GetBytes(content));
            }
        }

        return bytes.ToArray();
    }
}

/// <summary>One entry, every field of which can lie.</summary>
internal sealed record RawEntry(string Name)
{
    public byte[] Data { get; init; } = [];

    public byte[]? RawName { get; init; }

    /// <summary>Unix st_mode; 0 = none given.</summary>
    public int Mode { get; init; }

    public ushort Flags { get; init; } = 0x0800;

    public ushort Method { get; init; }

    public uint? Crc { get; init; }

    public uint? ClaimedSize { get; init; }

    public uint? ClaimedCompressedSize { get; init; }

    /// <summary>Where the directory says that it begins; its own place if null.</summary>
    public uint? ClaimedOffset { get; init; }

    /// <summary>Deflate <see cref="Data"/> instead of storing it.</summary>
    public bool Deflate { get; init; }
}

internal static class RawZip
{
    public static byte[] Of(params RawEntry[] entries)
    {
        var body = new MemoryStream();
        var directory = new MemoryStream();
        foreach (RawEntry entry in entries)
        {
            uint offset = (uint)body.Position;
            byte[] name = entry.RawName ?? Encoding.UTF8.GetBytes(entry.Name);
            byte[] data = entry.Deflate ? Compress(entry.Data) : entry.Data;
            byte[] common = Common(entry, name, data);
            body.Write([0x50, 0x4b, 3, 4]);
            body.Write(common);
            body.Write(name);
            body.Write(data);
            directory.Write([0x50, 0x4b, 1, 2, 20, 3]);
            directory.Write(common);
            byte[] rest = new byte[14];
            BinaryPrimitives.WriteUInt32LittleEndian(rest.AsSpan(6), (uint)entry.Mode << 16);
            BinaryPrimitives.WriteUInt32LittleEndian(rest.AsSpan(10), entry.ClaimedOffset ?? offset);
            directory.Write(rest);
            directory.Write(name);
        }

        uint start = (uint)body.Position;
        body.Write(directory.ToArray());
        Span<byte> end = stackalloc byte[22];
        end.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(end, 0x06054b50);
        BinaryPrimitives.WriteUInt16LittleEndian(end[8..], (ushort)Math.Min(entries.Length, 0xFFFF));
        BinaryPrimitives.WriteUInt16LittleEndian(end[10..], (ushort)Math.Min(entries.Length, 0xFFFF));
        BinaryPrimitives.WriteUInt32LittleEndian(end[12..], (uint)directory.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(end[16..], start);
        body.Write(end);
        return body.ToArray();
    }

    public static uint Crc32(ReadOnlySpan<byte> data)
    {
        uint crc = 0xFFFFFFFF;
        foreach (byte b in data)
        {
            crc ^= b;
            for (int i = 0; i < 8; i++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }

        return ~crc;
    }

    // version needed (2), flags, method, time, date, crc, compressed, size, name length, extra length: alike in both headers.
    private static byte[] Common(RawEntry entry, byte[] name, byte[] data)
    {
        byte[] c = new byte[26];
        c[0] = 20;
        BinaryPrimitives.WriteUInt16LittleEndian(c.AsSpan(2), entry.Flags);
        BinaryPrimitives.WriteUInt16LittleEndian(c.AsSpan(4), entry.Deflate ? (ushort)8 : entry.Method);
        BinaryPrimitives.WriteUInt32LittleEndian(c.AsSpan(10), entry.Crc ?? Crc32(entry.Data));
        BinaryPrimitives.WriteUInt32LittleEndian(c.AsSpan(14), entry.ClaimedCompressedSize ?? (uint)data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(c.AsSpan(18), entry.ClaimedSize ?? (uint)entry.Data.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(c.AsSpan(22), (ushort)name.Length);
        return c;
    }

    private static byte[] Compress(byte[] data)
    {
        var bytes = new MemoryStream();
        using (var deflate = new DeflateStream(bytes, CompressionLevel.Optimal, leaveOpen: true))
            deflate.Write(data);
        return bytes.ToArray();
    }
}
