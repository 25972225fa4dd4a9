using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Hearth.Agent.Reporting.Logs;

/// <summary>
/// One entry in a segment file, little-endian:
/// <code>
/// u32 length of what follows | i64 time, Unix ms | u8 stream length | 16 bytes request id (0 = none) | stream, UTF-8 | text, UTF-8
/// </code>
/// </summary>
internal static class LogRecord
{
    public const int MaxTextLength = 256 * 1024;
    private const int FixedLength = 8 + 1 + 16;
    private const int MaxLength = FixedLength + byte.MaxValue + MaxTextLength;

    public static int Size(ReadOnlySpan<byte> stream, ReadOnlySpan<byte> text) => 4 + FixedLength + stream.Length + text.Length;

    public static void Write(IBufferWriter<byte> output, long timeUnixMs, Guid requestId, ReadOnlySpan<byte> stream, ReadOnlySpan<byte> text)
    {
        var size = Size(stream, text);
        var span = output.GetSpan(size);
        BinaryPrimitives.WriteInt32LittleEndian(span, size - 4);
        BinaryPrimitives.WriteInt64LittleEndian(span[4..], timeUnixMs);
        span[12] = (byte)stream.Length;
        requestId.TryWriteBytes(span[13..], bigEndian: true, out _);
        stream.CopyTo(span[29..]);
        text.CopyTo(span[(29 + stream.Length)..]);
        output.Advance(size);
    }

    /// <returns>Bytes used; 0 when more are needed; -1 when this is no record (a torn end after a power cut).</returns>
    public static int TryRead(ReadOnlySpan<byte> bytes, out LogEntry entry)
    {
        entry = default;
        if (bytes.Length < 4)
            return 0;
        var length = BinaryPrimitives.ReadInt32LittleEndian(bytes);
        if (length is < FixedLength or > MaxLength)
            return -1;
        if (bytes.Length < 4 + length)
            return 0;
        var streamLength = bytes[12];
        if (streamLength > length - FixedLength)
            return -1;
        var stream = Encoding.UTF8.GetString(bytes.Slice(29, streamLength));
        var text = Encoding.UTF8.GetString(bytes[(29 + streamLength)..(4 + length)]);
        entry = new LogEntry(BinaryPrimitives.ReadInt64LittleEndian(bytes[4..]), new Guid(bytes.Slice(13, 16), bigEndian: true), stream, text);
        return 4 + length;
    }
}
