using static Hearth.Contracts.Archives.ZipDirectory;

namespace Hearth.Contracts.Archives;

/// <summary>Parses one central directory header (APPNOTE.TXT 4.3.12) and refuses what a package may not hold.</summary>
internal static class ZipDirectoryEntry
{
    private const int FixedLength = 46;
    private const int UnixTypeMask = 0xF000;

    /// <summary>Null for an entry that names the root itself.</summary>
    public static ArchiveEntry? Parse(byte[] directory, ref int position, long dataEnd, long shift)
    {
        ReadOnlySpan<byte> header = directory.AsSpan(position);
        if (header.Length < FixedLength || U32(header, 0) != 0x0201_4b50)
            throw ArchiveErrors.Corrupt("its directory is damaged");
        int nameLength = U16(header, 28);
        int extraLength = U16(header, 30);
        int total = FixedLength + nameLength + extraLength + U16(header, 32);
        if (header.Length < total)
            throw ArchiveErrors.Corrupt("its directory is damaged");
        position += total;

        ReadOnlySpan<byte> raw = header.Slice(FixedLength, nameLength);
        string path = EntryPath.Normalise(raw, out bool namesFolder);
        string name = path.Length == 0 ? "./" : path;
        int flags = U16(header, 8);
        if ((flags & 0x2041) != 0)
            throw ArchiveErrors.Entry(name, "it is encrypted", "zip without a password");
        ushort method = U16(header, 10);
        if (method is not (0 or 8))
            throw ArchiveErrors.Entry(name, $"compression method {method} is not known", "zip with deflate or store");

        (long compressed, long size, long offset) = Sizes(header, header.Slice(FixedLength + nameLength, extraLength), name);
        offset += shift;
        if (compressed < 0 || size < 0 || offset < 0 || offset > dataEnd || compressed > dataEnd - offset)
            throw ArchiveErrors.Entry(name, "its data lies outside the file", "upload the whole zip again");
        (ArchiveEntryKind kind, bool executable) = Kind(header, namesFolder, name);
        if (path.Length == 0)
            return null;
        return new ArchiveEntry(path, kind, executable, size)
        {
            Method = method,
            Crc32 = U32(header, 16),
            CompressedSize = compressed,
            HeaderOffset = offset,
        };
    }

    private static (ArchiveEntryKind Kind, bool Executable) Kind(ReadOnlySpan<byte> header, bool namesFolder, string name)
    {
        // High byte of "version made by": 3 is Unix, 19 is macOS. Other systems have no mode to read.
        int mode = header[5] is 3 or 19 ? U16(header, 40) : 0;
        bool dosFolder = (header[38] & 0x10) != 0;
        return (mode & UnixTypeMask) switch
        {
            0xA000 when !namesFolder => (ArchiveEntryKind.Link, false),
            0x4000 => (ArchiveEntryKind.Folder, true),
            0x8000 when !namesFolder => (ArchiveEntryKind.File, (mode & 0x49) != 0),
            0 when namesFolder || dosFolder => (ArchiveEntryKind.Folder, true),
            0 => (ArchiveEntryKind.File, (mode & 0x49) != 0),
            0x8000 or 0xA000 => throw ArchiveErrors.Entry(name, "its name is a folder's and its mode a file's", "zip it again"),
            _ => throw ArchiveErrors.Entry(name, "it is a device, pipe or socket", "leave it out"),
        };
    }

    private static (long Compressed, long Size, long Offset) Sizes(ReadOnlySpan<byte> header, ReadOnlySpan<byte> extra, string name)
    {
        long compressed = U32(header, 20);
        long size = U32(header, 24);
        long offset = U32(header, 42);
        if (compressed != 0xFFFF_FFFF && size != 0xFFFF_FFFF && offset != 0xFFFF_FFFF)
            return (compressed, size, offset);

        while (extra.Length >= 4)
        {
            int id = U16(extra, 0);
            int length = U16(extra, 2);
            if (length > extra.Length - 4)
                break;
            ReadOnlySpan<byte> field = extra.Slice(4, length);
            extra = extra[(4 + length)..];
            if (id != 1)
                continue;
            if (Take(ref field, ref size) && Take(ref field, ref compressed) && Take(ref field, ref offset))
                return (compressed, size, offset);
            break;
        }

        throw ArchiveErrors.Entry(name, "its Zip64 sizes are missing", "zip it again");
    }

    // APPNOTE 4.5.3: only those of the three that are all ones in the header are present, in this order.
    private static bool Take(ref ReadOnlySpan<byte> field, ref long value)
    {
        if (value != 0xFFFF_FFFF)
            return true;
        if (field.Length < 8)
            return false;
        value = I64(field, 0);
        field = field[8..];
        return true;
    }
}
