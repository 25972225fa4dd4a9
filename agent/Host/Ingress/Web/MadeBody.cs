using System.Buffers;
using Hearth.Agent.Scheduling;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress.Web;

/// <summary>The body of a response that was made of a function's answer, counted as that is: who reads slowly must not hold memory that nobody knows of.</summary>
/// <param name="share">Null when the answer is empty, of which nothing can be made.</param>
internal sealed class MadeBody(AnswerShare? share) : IBufferWriter<byte>, IDisposable
{
    private const int First = 4096;
    private byte[] _bytes = [];
    private int _length;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    /// <returns>False when it is no Base64.</returns>
    public bool TryDecodeBase64() => System.Buffers.Text.Base64.DecodeFromUtf8InPlace(_bytes.AsSpan(0, _length), out _length) == OperationStatus.Done;

    public void Advance(int count) => _length += count;

    /// <exception cref="LambdaException">The function's callers hold as much as they may.</exception>
    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsMemory(_length);
    }

    /// <exception cref="LambdaException">The function's callers hold as much as they may.</exception>
    public Span<byte> GetSpan(int sizeHint = 0)
    {
        Reserve(sizeHint);
        return _bytes.AsSpan(_length);
    }

    public void Dispose()
    {
        if (_bytes.Length > 0)
            share!.Return(_bytes);
        _bytes = [];
        _length = 0;
    }

    private void Reserve(int sizeHint)
    {
        var needed = _length + Math.Max(sizeHint, 1);
        if (needed <= _bytes.Length)
            return;
        var larger = share?.TryRent(_bytes.Length == 0 ? needed : Math.Max(needed, Math.Max(First, 2 * _length))) ?? throw new LambdaException(AnswerShare.ThrownAway);
        Written.Span.CopyTo(larger);
        var length = _length;
        Dispose();
        (_bytes, _length) = (larger, length);
    }
}
