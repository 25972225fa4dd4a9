using System.Buffers.Binary;
using System.Text.Unicode;
using MessagePack;

namespace Hearth.Wire;

/// <summary>Reads the elements of one frame, each with its exact type and bound. Every fault becomes a <see cref="WireException"/>.</summary>
internal ref struct FieldReader
{
    private readonly ReadOnlyMemory<byte> _body;
    private readonly long _offset;
    private readonly int _count;
    private MessagePackReader _reader;

    public FieldReader(ReadOnlyMemory<byte> body, long offset)
    {
        _body = body;
        _offset = offset;
        _reader = new MessagePackReader(body);
        if (body.IsEmpty || _reader.NextMessagePackType != MessagePackType.Array)
            throw Fault("a frame is not a MessagePack array");
        _count = _reader.ReadArrayHeader();
        if (_count < 1 || _reader.End)
            throw Fault("a frame has no kind");
        var kind = Integer("kind", 0, byte.MaxValue);
        Kind = (FrameKind)kind;
    }

    public FrameKind Kind { get; }

    /// <summary>For kinds that grew an element.</summary>
    public readonly bool HasCount(int count) => _count == count;

    public readonly void ExpectCount(int count)
    {
        if (_count != count)
            throw Fault($"{Kind} has {_count} elements; it must have {count}");
    }

    public readonly void ExpectEnd()
    {
        if (!_reader.End)
            throw Fault($"{Kind} is followed by bytes that belong to no element");
    }

    public uint Id(bool zeroAllowed = false) => (uint)Integer("id", zeroAllowed ? 0 : 1, uint.MaxValue);

    public long Integer(string what, long least, long most)
    {
        Expect(MessagePackType.Integer, what);
        long value;
        try
        {
            value = _reader.ReadInt64();
        }
        catch (OverflowException e)
        {
            throw Fault($"{what} of {Kind} is over 2^63-1", e);
        }
        if (value < least || value > most)
            throw Fault($"{what} of {Kind} is outside {least} to {most}");
        return value;
    }

    public bool Boolean(string what)
    {
        Expect(MessagePackType.Boolean, what);
        return _reader.ReadBoolean();
    }

    public ReadOnlyMemory<byte> Binary(string what, int most)
    {
        Expect(MessagePackType.Binary, what);
        RefuseLength32(what);
        var bytes = _reader.ReadBytes()!.Value;
        if (bytes.Length > most)
            throw Fault($"{what} of {Kind} has {bytes.Length} bytes; at most {most} are allowed");
        return Tail((int)bytes.Length);
    }

    public Utf8Text TextOrNil(string what, int most) => _reader.TryReadNil() ? default : Text(what, most);

    public Utf8Text Text(string what, int most)
    {
        Expect(MessagePackType.String, what);
        RefuseLength32(what);
        if (!_reader.TryReadStringSpan(out var span))
            throw Fault($"{what} of {Kind} is cut off");
        if (span.Length > most)
            throw Fault($"{what} of {Kind} has {span.Length} bytes; at most {most} are allowed");
        if (!Utf8.IsValid(span))
            throw Fault($"{what} of {Kind} is not UTF-8");
        return new Utf8Text(Tail(span.Length));
    }

    /// <summary>A text that may be put into a header or a log line: UTF-8 without control characters, or printable ASCII alone.</summary>
    public Utf8Text Label(string what, int most, bool ascii)
    {
        var text = Text(what, most);
        foreach (var unit in text.Bytes.Span)
        {
            if (unit < 0x20 || unit == 0x7f || (ascii && unit > 0x7f))
                throw Fault($"{what} of {Kind} has a character that is not allowed there");
        }
        return text;
    }

    public Utf8Text LabelOrNil(string what, int most) => _reader.TryReadNil() ? default : Label(what, most, ascii: true);

    public int MapHeader(string what, int most)
    {
        Expect(MessagePackType.Map, what);
        var count = _reader.ReadMapHeader();
        if (count > most)
            throw Fault($"{what} of {Kind} has {count} entries; at most {most} are allowed");
        return count;
    }

    public readonly int Consumed => (int)_reader.Consumed;

    public readonly WireException Fault(string cause, Exception? inner = null) => new(cause, _offset, inner);

    private readonly ReadOnlyMemory<byte> Tail(int length) => _body.Slice((int)_reader.Consumed - length, length);

    /// <summary>MessagePackReader 2.5 takes a 32-bit length as signed and throws ArgumentOutOfRangeException for one over 2^31-1.</summary>
    private readonly void RefuseLength32(string what)
    {
        var rest = _body.Span[(int)_reader.Consumed..];
        if (rest[0] is not (MessagePackCode.Bin32 or MessagePackCode.Str32))
            return;
        if (rest.Length < 5 || BinaryPrimitives.ReadUInt32BigEndian(rest[1..]) > rest.Length - 5)
            throw Fault($"{what} of {Kind} is longer than its frame");
    }

    private readonly void Expect(MessagePackType type, string what)
    {
        if (_reader.End)
            throw Fault($"{what} of {Kind} is missing");
        if (_reader.NextMessagePackType != type)
            throw Fault($"{what} of {Kind} is {_reader.NextMessagePackType}; it must be {type}");
    }
}
