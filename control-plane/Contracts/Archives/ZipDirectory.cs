using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Contracts.Archives;

/// <summary>Finds and reads a zip's central directory (APPNOTE.TXT 6.3.9, 4.3.12-4.3.16), Zip64 included. Everything is checked against the file's length before it is used.</summary>
internal static class ZipDirectory
{
    private const int EndLength = 22;
    private const int Zip64LocatorLength = 20;
    private const int MaxComment = 65_535;

    /// <summary>Largest directory read into memory: names and extra fields of a full package, with room.</summary>
    private const long MaxDirectoryBytes = 32 << 20;

    /// <returns>Entries in the order of the directory; their data ends before the directory begins.</returns>
    public static List<ArchiveEntry> Read(SafeFileHandle file, long length, out long directoryStart)
    {
        byte[] tail = new byte[(int)Math.Min(length, EndLength + MaxComment)];
        ReadExactly(file, tail, length - tail.Length);
        int end = FindEnd(tail);
        ReadOnlySpan<byte> record = tail.AsSpan(end);
        long endOffset = length - tail.Length + end;
        if (U16(record, 4) is not (0 or 0xFFFF) || U16(record, 6) is not (0 or 0xFFFF))
            throw ArchiveErrors.Corrupt("it is one part of a multi-part zip; upload a single file");

        long count = U16(record, 10);
        long size = U32(record, 12);
        long offset = U32(record, 16);
        long directoryEnd = endOffset;
        if (count == 0xFFFF || size == 0xFFFF_FFFF || offset == 0xFFFF_FFFF)
            ReadZip64End(file, endOffset, ref count, ref size, ref offset, ref directoryEnd);

        if (count == 0)
            throw ArchiveErrors.Empty();
        if (count > CodeArchiveLimits.MaxNodes)
            throw ArchiveErrors.TooManyNodes();
        // A zip may follow other bytes (a self-extractor): offsets then count from where the zip begins.
        long start = directoryEnd - size;
        long shift = start - offset;
        if (size < 0 || start < 0 || shift < 0 || size > MaxDirectoryBytes)
            throw ArchiveErrors.Corrupt("its directory lies outside the file: the upload is cut off or damaged");

        byte[] directory = new byte[(int)size];
        ReadExactly(file, directory, start);
        directoryStart = start;
        var entries = new List<ArchiveEntry>((int)count);
        int position = 0;
        for (long i = 0; i < count; i++)
        {
            if (ZipDirectoryEntry.Parse(directory, ref position, start, shift) is { } entry)
                entries.Add(entry);
        }

        return entries;
    }

    public static void ReadExactly(SafeFileHandle file, Span<byte> buffer, long offset)
    {
        while (buffer.Length > 0)
        {
            int read = offset < 0 ? 0 : RandomAccess.Read(file, buffer, offset);
            if (read == 0)
                throw ArchiveErrors.Corrupt("it ends too early: the upload is cut off or not a zip");
            buffer = buffer[read..];
            offset += read;
        }
    }

    public static ushort U16(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt16LittleEndian(bytes[at..]);

    public static uint U32(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[at..]);

    public static long I64(ReadOnlySpan<byte> bytes, int at) => BinaryPrimitives.ReadInt64LittleEndian(bytes[at..]);

    private static int FindEnd(ReadOnlySpan<byte> tail)
    {
        for (int at = tail.Length - EndLength; at >= 0; at--)
        {
            if (U32(tail, at) == 0x0605_4b50 && at + EndLength + U16(tail, at + 20) == tail.Length)
                return at;
        }

        throw ArchiveErrors.Corrupt("it is not a zip file, or its end is missing");
    }

    private static void ReadZip64End(SafeFileHandle file, long endOffset, ref long count, ref long size, ref long offset, ref long directoryEnd)
    {
        Span<byte> locator = stackalloc byte[Zip64LocatorLength];
        ReadExactly(file, locator, endOffset - Zip64LocatorLength);
        if (U32(locator, 0) != 0x0706_4b50)
        {
            // 65,535 entries is a legal plain count; sizes of all ones are not, in a file of this size.
            if (size != 0xFFFF_FFFF && offset != 0xFFFF_FFFF)
                return;
            throw ArchiveErrors.Corrupt("its Zip64 locator is missing");
        }

        Span<byte> end64 = stackalloc byte[56];
        long at = I64(locator, 8);
        if (at < 0 || at > endOffset - Zip64LocatorLength - end64.Length)
            throw ArchiveErrors.Corrupt("its Zip64 end record lies outside the file");
        ReadExactly(file, end64, at);
        if (U32(end64, 0) != 0x0606_4b50)
            throw ArchiveErrors.Corrupt("its Zip64 end record is damaged");
        count = I64(end64, 32);
        size = I64(end64, 40);
        offset = I64(end64, 48);
        directoryEnd = at;
        if (count < 0 || offset < 0)
            throw ArchiveErrors.Corrupt("its Zip64 end record is damaged");
    }
}
