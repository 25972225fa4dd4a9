using System.Security.Cryptography;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress.Signatures;

/// <summary>
/// A body on its way to the control plane, hashed as it passes. Its last piece is not let through before the signature was found to be right, so that whoever reads it never has the
/// whole of a request that nobody signed.
/// </summary>
internal sealed class VerifiedBody(Stream body, long? length, SignedRequest signed) : Stream
{
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _passed;
    private bool _verified;

    /// <summary>Why it was cut off.</summary>
    public LambdaError? Refusal { get; private set; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_verified)
            return 0;
        var count = await body.ReadAsync(buffer, cancellationToken);
        _hash.AppendData(buffer.Span[..count]);
        _passed += count;
        // With a known length the reader on the other side has it all at the last byte, without it only at the end that is said.
        if (count > 0 && _passed != length)
            return count;
        Refusal = signed.Refusal(_hash.GetHashAndReset());
        if (Refusal is not null)
            throw new LambdaException(Refusal);
        _verified = true;
        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _hash.Dispose();
        base.Dispose(disposing);
    }
}
