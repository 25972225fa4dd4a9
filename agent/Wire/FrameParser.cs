using System.Buffers;
using System.Buffers.Binary;

namespace Hearth.Wire;

/// <summary>
/// Cuts a byte stream into frames. Bytes go in as they arrive, split anywhere; a frame comes out as one contiguous view.
/// It holds no more than four times what the peer has really sent (from 4 KiB up), so announcing a large frame costs the peer, not us.
/// Not thread safe. A view is valid until the next call of <see cref="GetBuffer"/>, <see cref="Append"/>, <see cref="Trim"/> or <see cref="Dispose"/>.
/// </summary>
/// <param name="pool">Where its buffers come from; null: the shared one, which keeps what it is given back.</param>
public sealed class FrameParser(int maxFrameLength = FrameLimits.MaxFrameLength, ArrayPool<byte>? pool = null) : IDisposable
{
    private const int SmallBuffer = 4096;
    private const int GrowthFactor = 4;

    private readonly ArrayPool<byte> _pool = pool ?? ArrayPool<byte>.Shared;
    private byte[] _bytes = [];
    private int _start;
    private int _end;

    /// <summary>Bytes of the stream that were given out as frames.</summary>
    public long Offset { get; private set; }

    /// <summary>True when the stream could end here without cutting a frame.</summary>
    public bool IsEmpty => _start == _end;

    /// <summary>Bytes of memory that are held now.</summary>
    public int Capacity => _bytes.Length;

    /// <summary>Room to read into, never empty; then call <see cref="Advance"/>.</summary>
    public Span<byte> GetBuffer()
    {
        if (_start == _end)
            _start = _end = 0;
        var pending = _end - _start;
        // The frame that is under way decides the size; a buffer that one large frame left behind goes back as soon as a small one follows.
        var wanted = Math.Max(SmallBuffer, pending < FrameLimits.PrefixLength ? 0 : (int)Math.Min(FrameLength() + (long)FrameLimits.PrefixLength, Math.Max(pending, 1) * (long)GrowthFactor));
        if (_bytes.Length - _start < wanted || _end == _bytes.Length || (pending == 0 && _bytes.Length > 16 * SmallBuffer))
            Resize(wanted);
        return _bytes.AsSpan(_end);
    }

    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _bytes.Length - _end);
        _end += count;
    }

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var room = GetBuffer();
            var count = Math.Min(room.Length, bytes.Length);
            bytes[..count].CopyTo(room);
            Advance(count);
            bytes = bytes[count..];
        }
    }

    /// <summary>The next whole frame, without its length prefix.</summary>
    /// <exception cref="WireException">The announced length is out of bounds.</exception>
    public bool TryRead(out ReadOnlyMemory<byte> body)
    {
        body = default;
        if (_end - _start < FrameLimits.PrefixLength)
            return false;
        var length = FrameLength();
        if (length < 1 || length > maxFrameLength)
            throw new WireException($"a frame of {length} bytes was announced; 1 to {maxFrameLength} are allowed", Offset);
        if (_end - _start - FrameLimits.PrefixLength < length)
            return false;
        body = _bytes.AsMemory(_start + FrameLimits.PrefixLength, (int)length);
        _start += FrameLimits.PrefixLength + (int)length;
        Offset += FrameLimits.PrefixLength + length;
        return true;
    }

    /// <summary>Gives back what a large frame left behind, when nothing is under way: an idle peer holds nothing of ours but a small buffer.</summary>
    public void Trim()
    {
        if (_start == _end && _bytes.Length > 16 * SmallBuffer)
            Dispose();
    }

    public void Dispose()
    {
        Return(_bytes);
        _bytes = [];
        _start = _end = 0;
    }

    private long FrameLength() => BinaryPrimitives.ReadUInt32LittleEndian(_bytes.AsSpan(_start));

    private void Resize(int wanted)
    {
        var pending = _end - _start;
        if (_bytes.Length >= wanted && _bytes.Length > pending && pending > 0)
        {
            _bytes.AsSpan(_start, pending).CopyTo(_bytes);
        }
        else
        {
            var larger = _pool.Rent(Math.Max(wanted, pending + 1));
            _bytes.AsSpan(_start, pending).CopyTo(larger);
            Return(_bytes);
            _bytes = larger;
        }
        _start = 0;
        _end = pending;
    }

    private void Return(byte[] bytes)
    {
        if (bytes.Length > 0)
            _pool.Return(bytes);
    }
}
