using System.IO.Compression;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Contracts.Archives;

/// <summary>Reads entries' contents: counts what really comes out over the whole package, and checks length and CRC at the end of each.</summary>
internal sealed class EntryReader(SafeFileHandle file, long directoryStart)
{
    public const int LocalHeaderLength = 30;

    private readonly byte[] _buffer = new byte[128 * 1024];
    private long _unzipped;

    /// <summary>Passes the contents to <paramref name="sink"/> piece by piece; a piece is valid only during its call.</summary>
    public void Read(ArchiveEntry entry, Action<ReadOnlyMemory<byte>> sink, CancellationToken cancellationToken)
    {
        using Stream content = Open(entry, cancellationToken);
        uint crc = 0;
        long size = 0;
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int read = Inflate(content, entry);
            if (read == 0)
                break;
            size += read;
            _unzipped += read;
            if (_unzipped > CodeArchiveLimits.MaxUnzippedBytes)
                throw ArchiveErrors.UnzippedTooLarge();
            if (size > entry.Size)
                throw ArchiveErrors.Entry(entry.Path, $"it unpacks to more than the {entry.Size} bytes that the zip states", "zip it again");
            crc = Crc32.Append(crc, _buffer.AsSpan(0, read));
            sink(_buffer.AsMemory(0, read));
        }

        if (size != entry.Size)
            throw ArchiveErrors.Entry(entry.Path, $"it unpacks to {size} bytes where the zip states {entry.Size}", "zip it again");
        if (crc != entry.Crc32)
            throw ArchiveErrors.Entry(entry.Path, "its checksum (CRC-32) is wrong: the file is damaged", "zip or upload it again");
    }

    private int Inflate(Stream content, ArchiveEntry entry)
    {
        try
        {
            return content.Read(_buffer, 0, _buffer.Length);
        }
        catch (InvalidDataException)
        {
            throw ArchiveErrors.Entry(entry.Path, "its compressed data is damaged", "zip or upload it again");
        }
    }

    private Stream Open(ArchiveEntry entry, CancellationToken cancellationToken)
    {
        Span<byte> header = stackalloc byte[LocalHeaderLength];
        ZipDirectory.ReadExactly(file, header, entry.HeaderOffset);
        if (ZipDirectory.U32(header, 0) != 0x0403_4b50)
            throw ArchiveErrors.Entry(entry.Path, "its local header is missing", "upload the whole zip again");
        long start = entry.HeaderOffset + LocalHeaderLength + ZipDirectory.U16(header, 26) + ZipDirectory.U16(header, 28);
        if (entry.CompressedSize > directoryStart - start)
            throw ArchiveErrors.Entry(entry.Path, "its data lies outside the file", "upload the whole zip again");
        Stream raw = new FileSlice(file, start, entry.CompressedSize, cancellationToken);
        return entry.Method == 0 ? raw : new DeflateStream(raw, CompressionMode.Decompress);
    }
}
