using System.Buffers;
using System.Buffers.Binary;

namespace Hearth.Wire;

/// <summary>
/// Bytes waiting to be written: whole small frames, or the head of a frame whose payload follows by itself (writev, or a second write).
/// Kept and cleared between frames, it allocates nothing in steady state.
/// </summary>
public sealed class FrameBuffer : IBufferWriter<byte>
{
    private byte[] _bytes = new byte[512];
    private int _length;

    public ReadOnlySpan<byte> WrittenSpan => _bytes.AsSpan(0, _length);

    public ReadOnlyMemory<byte> WrittenMemory => _bytes.AsMemory(0, _length);

    public int WrittenCount => _length;

    public void Clear() => _length = 0;

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - _length);
        _length += count;
    }

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(_length);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(_length);
    }

    /// <summary>Leaves room for a length prefix; <see cref="EndFrame"/> fills it in.</summary>
    internal int BeginFrame()
    {
        Reserve(FrameLimits.PrefixLength);
        var start = _length;
        _length += FrameLimits.PrefixLength;
        return start;
    }

    /// <param name="following">Bytes of the frame that are written after this buffer.</param>
    internal void EndFrame(int start, int following)
    {
        var head = _length - start - FrameLimits.PrefixLength;
        if (head > FrameLimits.MaxHeaderLength || head + following > FrameLimits.MaxFrameLength)
        {
            _length = start;
            throw new ArgumentException($"A frame of {head} + {following} bytes is over the limit of {FrameLimits.MaxHeaderLength} + {FrameLimits.MaxPayloadLength}.");
        }
        BinaryPrimitives.WriteInt32LittleEndian(_bytes.AsSpan(start), head + following);
    }

    private void Reserve(int sizeHint)
    {
        var needed = _length + Math.Max(sizeHint, 64);
        if (needed > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(needed, _bytes.Length * 2));
    }
}
