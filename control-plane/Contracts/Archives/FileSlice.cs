using Microsoft.Win32.SafeHandles;

namespace Hearth.Contracts.Archives;

/// <summary>A read-only, forward-only view of part of a file, by positioned reads: the handle's own offset is not used.</summary>
internal sealed class FileSlice(SafeFileHandle file, long start, long length, CancellationToken cancellationToken) : Stream
{
    private long _position;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => length;

    public override long Position { get => _position; set => throw new NotSupportedException(); }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        // Here and not only in the reader of what comes out: deflate may take in a whole file before it gives a byte.
        cancellationToken.ThrowIfCancellationRequested();
        int want = (int)Math.Min(buffer.Length, length - _position);
        if (want <= 0)
            return 0;
        int read = RandomAccess.Read(file, buffer[..want], start + _position);
        _position += read;
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
