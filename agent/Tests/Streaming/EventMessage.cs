using System.Buffers.Binary;
using System.Text;
using Hearth.Contracts.Archives;
using Xunit;

namespace Hearth.Agent.Tests.Streaming;

/// <summary>A message of application/vnd.amazon.eventstream as a client reads it: lengths and both checksums are held against what came.</summary>
internal sealed record EventMessage(string Type, string ContentType, byte[] Payload)
{
    public string Text => Encoding.UTF8.GetString(Payload);

    /// <returns>Null at the end of the stream.</returns>
    public static async Task<EventMessage?> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        var prelude = new byte[12];
        var count = await stream.ReadAtLeastAsync(prelude, prelude.Length, throwOnEndOfStream: false, cancellationToken);
        if (count == 0)
            return null;
        Assert.Equal(prelude.Length, count);
        var (length, headers) = (BinaryPrimitives.ReadInt32BigEndian(prelude), BinaryPrimitives.ReadInt32BigEndian(prelude.AsSpan(4)));
        Assert.Equal(Crc32.Append(0, prelude.AsSpan(0, 8)), BinaryPrimitives.ReadUInt32BigEndian(prelude.AsSpan(8)));
        var rest = new byte[length - prelude.Length];
        await stream.ReadExactlyAsync(rest, cancellationToken);
        Assert.Equal(Crc32.Append(Crc32.Append(0, prelude), rest.AsSpan(0, rest.Length - 4)), BinaryPrimitives.ReadUInt32BigEndian(rest.AsSpan(rest.Length - 4)));
        var named = Headers(rest.AsSpan(0, headers));
        Assert.Equal("event", named[":message-type"]);
        return new EventMessage(named[":event-type"], named[":content-type"], rest[headers..^4]);
    }

    public static async Task<List<EventMessage>> ReadAllAsync(Stream stream, CancellationToken cancellationToken)
    {
        List<EventMessage> all = [];
        while (await ReadAsync(stream, cancellationToken) is { } message)
            all.Add(message);
        return all;
    }

    private static Dictionary<string, string> Headers(ReadOnlySpan<byte> bytes)
    {
        var all = new Dictionary<string, string>();
        while (!bytes.IsEmpty)
        {
            var name = Encoding.ASCII.GetString(bytes[1..(1 + bytes[0])]);
            bytes = bytes[(1 + bytes[0])..];
            Assert.Equal(7, bytes[0]);
            var length = BinaryPrimitives.ReadUInt16BigEndian(bytes[1..]);
            all[name] = Encoding.UTF8.GetString(bytes[3..(3 + length)]);
            bytes = bytes[(3 + length)..];
        }
        return all;
    }
}
