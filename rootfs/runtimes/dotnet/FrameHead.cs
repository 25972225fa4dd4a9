using System.Buffers.Binary;
using System.Text;

namespace Hearth.Runtime;

/// <summary>Length, array header and elements of a frame to the agent; a payload follows by itself.</summary>
internal sealed class FrameHead
{
    private byte[] _bytes = new byte[512];
    private int _length = 4;

    public FrameHead(FrameKind kind, int elements)
    {
        Byte((byte)(0x90 | elements));
        Byte((byte)kind);
    }

    public FrameHead Integer(uint value)
    {
        if (value < 128)
            return Byte((byte)value);
        Byte(0xce);
        BinaryPrimitives.WriteUInt32BigEndian(Room(4), value);
        return this;
    }

    public FrameHead Boolean(bool value) => Byte(value ? (byte)0xc3 : (byte)0xc2);

    /// <param name="value">At most 65,535 bytes of UTF-8, or null.</param>
    public FrameHead Text(string? value)
    {
        if (value is null)
            return Byte(0xc0);
        var length = Encoding.UTF8.GetByteCount(value);
        Byte(0xda);
        BinaryPrimitives.WriteUInt16BigEndian(Room(2), checked((ushort)length));
        Encoding.UTF8.GetBytes(value, Room(length));
        return this;
    }

    public FrameHead Binary(int length)
    {
        Byte(0xc6);
        BinaryPrimitives.WriteInt32BigEndian(Room(4), length);
        return this;
    }

    public ReadOnlySpan<byte> Finish(int following)
    {
        BinaryPrimitives.WriteInt32LittleEndian(_bytes, _length - 4 + following);
        return _bytes.AsSpan(0, _length);
    }

    private FrameHead Byte(byte value)
    {
        Room(1)[0] = value;
        return this;
    }

    private Span<byte> Room(int count)
    {
        if (_bytes.Length - _length < count)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }
}
