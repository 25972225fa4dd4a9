using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Runtime;

/// <summary>Frames on the two pipes, read and written by the one thread that serves invocations.</summary>
internal sealed class FramePipes : IDisposable
{
    public const int MaxPayload = 6_291_556;
    private const int MaxFrame = MaxPayload + 64 * 1024;
    private const int SmallBuffer = 16 * 1024;

    // Not ours to close: the process ends with them.
    private readonly FileStream _requests = new(new SafeFileHandle(3, ownsHandle: false), FileAccess.Read, bufferSize: 0);
    private readonly FileStream _responses = new(new SafeFileHandle(4, ownsHandle: false), FileAccess.Write, bufferSize: 0);
    private byte[] _buffer = new byte[SmallBuffer];
    private int _start;
    private int _end;

    /// <summary>The next frame without its length, or null at the end of the stream. Valid until the next call.</summary>
    public ReadOnlyMemory<byte>? Read()
    {
        if (_start == _end)
        {
            _start = _end = 0;
            // A large payload must not stay with an idle instance.
            if (_buffer.Length > SmallBuffer)
                _buffer = new byte[SmallBuffer];
        }
        if (!Fill(4))
            return _start == _end ? null : throw new WireException("the stream ends inside a length");
        var length = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_start));
        if (length is < 1 or > MaxFrame)
            throw new WireException($"a frame of {length} bytes was announced; 1 to {MaxFrame} are allowed");
        if (!Fill(4 + (int)length))
            throw new WireException("the stream ends inside a frame");
        var body = _buffer.AsMemory(_start + 4, (int)length);
        _start += 4 + (int)length;
        return body;
    }

    public void Write(FrameHead head, ReadOnlyMemory<byte> payload = default)
    {
        var first = head.Finish(payload.Length);
        if (payload.Length <= SmallBuffer)
        {
            var whole = new byte[first.Length + payload.Length];
            first.CopyTo(whole);
            payload.Span.CopyTo(whole.AsSpan(first.Length));
            _responses.Write(whole);
            return;
        }
        _responses.Write(first);
        _responses.Write(payload.Span);
    }

    public void Dispose()
    {
        _requests.Dispose();
        _responses.Dispose();
    }

    private bool Fill(int count)
    {
        if (_buffer.Length - _start < count)
        {
            var larger = count > _buffer.Length ? new byte[count] : _buffer;
            _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
            _end -= _start;
            _start = 0;
            _buffer = larger;
        }
        while (_end - _start < count)
        {
            var read = _requests.Read(_buffer.AsSpan(_end));
            if (read == 0)
                return false;
            _end += read;
        }
        return true;
    }
}
