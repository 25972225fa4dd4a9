using System.Buffers.Binary;
using System.Text;

namespace Hearth.Runtime;

/// <summary>Reads the elements of one frame from the agent, in any MessagePack width.</summary>
internal ref struct FieldReader(ReadOnlyMemory<byte> body)
{
    private readonly ReadOnlyMemory<byte> _body = body;
    private int _at;

    public int ArrayHeader() => Header("array", 0x90, 0x0f, 0xdc);

    public int MapHeader() => Header("map", 0x80, 0x0f, 0xde);

    public long Integer()
    {
        var code = Take(1)[0];
        return code switch
        {
            < 0x80 => code,
            >= 0xe0 => (sbyte)code,
            0xcc => Take(1)[0],
            0xcd => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            0xce => BinaryPrimitives.ReadUInt32BigEndian(Take(4)),
            0xcf or 0xd3 => BinaryPrimitives.ReadInt64BigEndian(Take(8)),
            0xd0 => (sbyte)Take(1)[0],
            0xd1 => BinaryPrimitives.ReadInt16BigEndian(Take(2)),
            0xd2 => BinaryPrimitives.ReadInt32BigEndian(Take(4)),
            _ => throw new WireException($"type byte 0x{code:x2} is not an integer"),
        };
    }

    public string Text() => TextOrNull() ?? throw new WireException("a string is nil");

    public string? TextOrNull()
    {
        var code = Take(1)[0];
        if (code == 0xc0)
            return null;
        var length = code switch
        {
            >= 0xa0 and < 0xc0 => code & 0x1f,
            0xd9 => Take(1)[0],
            0xda => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            0xdb => Length32(),
            _ => throw new WireException($"type byte 0x{code:x2} is not a string"),
        };
        return Encoding.UTF8.GetString(Take(length));
    }

    public ReadOnlyMemory<byte> Binary()
    {
        var code = Take(1)[0];
        var length = code switch
        {
            0xc4 => Take(1)[0],
            0xc5 => BinaryPrimitives.ReadUInt16BigEndian(Take(2)),
            0xc6 => Length32(),
            _ => throw new WireException($"type byte 0x{code:x2} is not binary"),
        };
        Take(length);
        return _body.Slice(_at - length, length);
    }

    /// <summary>A frame is its array and nothing more.</summary>
    public readonly void ExpectEnd()
    {
        if (_at != _body.Length)
            throw new WireException("a frame is followed by bytes that belong to no element");
    }

    private int Header(string what, int small, int mask, int wide)
    {
        var code = Take(1)[0];
        if ((code & ~mask) == small)
            return code & mask;
        if (code == wide)
            return BinaryPrimitives.ReadUInt16BigEndian(Take(2));
        return code == wide + 1 ? Length32() : throw new WireException($"type byte 0x{code:x2} is not of a {what}");
    }

    private int Length32()
    {
        var length = BinaryPrimitives.ReadUInt32BigEndian(Take(4));
        return length <= _body.Length ? (int)length : throw new WireException("an element is longer than its frame");
    }

    private ReadOnlySpan<byte> Take(int count)
    {
        if (_body.Length - _at < count)
            throw new WireException("a frame is cut off");
        _at += count;
        return _body.Span.Slice(_at - count, count);
    }
}
