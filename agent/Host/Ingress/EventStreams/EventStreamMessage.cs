using System.Buffers;
using System.Buffers.Binary;
using System.Text;
using Hearth.Contracts.Archives;

namespace Hearth.Agent.Ingress.EventStreams;

/// <summary>
/// One message of application/vnd.amazon.eventstream: length of the whole and of the headers (4 bytes each, big-endian), the CRC-32 of those eight, headers, payload,
/// and the CRC-32 of all before it. A header is its name (length in 1 byte), 7 for text, and the text (length in 2 bytes).
/// </summary>
internal sealed class EventStreamMessage
{
    private const int Prelude = 12;
    private const int Checksum = 4;
    private readonly byte[] _headers;

    private EventStreamMessage(string eventType, string contentType) =>
        _headers = [.. Header(":event-type", eventType), .. Header(":content-type", contentType), .. Header(":message-type", "event")];

    /// <summary>A piece of the answer; its payload is the bytes.</summary>
    public static EventStreamMessage PayloadChunk { get; } = new("PayloadChunk", "application/octet-stream");

    /// <summary>The last one; its payload is JSON.</summary>
    public static EventStreamMessage InvokeComplete { get; } = new("InvokeComplete", "application/json");

    public void Write(IBufferWriter<byte> output, in ReadOnlySequence<byte> payload)
    {
        var length = Prelude + _headers.Length + (int)payload.Length + Checksum;
        var head = output.GetSpan(Prelude + _headers.Length)[..(Prelude + _headers.Length)];
        BinaryPrimitives.WriteInt32BigEndian(head, length);
        BinaryPrimitives.WriteInt32BigEndian(head[4..], _headers.Length);
        BinaryPrimitives.WriteUInt32BigEndian(head[8..], Crc32.Append(0, head[..8]));
        _headers.CopyTo(head[Prelude..]);
        var checksum = Crc32.Append(0, head);
        output.Advance(head.Length);
        foreach (var piece in payload)
        {
            checksum = Crc32.Append(checksum, piece.Span);
            output.Write(piece.Span);
        }
        BinaryPrimitives.WriteUInt32BigEndian(output.GetSpan(Checksum), checksum);
        output.Advance(Checksum);
    }

    private static byte[] Header(string name, string value) =>
        [(byte)name.Length, .. Encoding.ASCII.GetBytes(name), 7, (byte)(value.Length >> 8), (byte)value.Length, .. Encoding.ASCII.GetBytes(value)];
}
