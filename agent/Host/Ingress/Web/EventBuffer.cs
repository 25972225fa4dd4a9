using System.Buffers;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress.Web;

/// <summary>The event that a request becomes: as large as an invocation's may be and no larger, out of the memory that all events share.</summary>
/// <param name="owner">Whom it counts for.</param>
internal sealed class EventBuffer(BodyBudget budget, BodyOwner owner) : IBufferWriter<byte>, IDisposable
{
    private const int First = 4096;
    // A writer asks for more than it uses.
    private const int Slack = 4096;
    private byte[] _bytes = [];
    private int _length;

    /// <exception cref="LambdaException">It is too large.</exception>
    public ReadOnlyMemory<byte> Written => _length <= InvocationBody.MaxLength ? _bytes.AsMemory(0, _length) : throw InvocationBody.TooLarge();

    public void Advance(int count) => _length += count;

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

    public void Dispose()
    {
        if (_bytes.Length == 0)
            return;
        ArrayPool<byte>.Shared.Return(_bytes);
        budget.Give(owner, _bytes.Length);
        _bytes = [];
        _length = 0;
    }

    private void Reserve(int sizeHint)
    {
        var needed = (long)_length + Math.Max(sizeHint, 1);
        if (needed <= _bytes.Length)
            return;
        if (needed > InvocationBody.MaxLength + Slack)
            throw InvocationBody.TooLarge();
        var larger = ArrayPool<byte>.Shared.Rent((int)Math.Max(needed, Math.Max(First, Math.Min(2L * _bytes.Length, InvocationBody.MaxLength + Slack))));
        if (!budget.TryTake(owner, larger.Length))
        {
            ArrayPool<byte>.Shared.Return(larger);
            throw InvocationBody.NoRoom();
        }
        _bytes.AsSpan(0, _length).CopyTo(larger);
        var length = _length;
        Dispose();
        (_bytes, _length) = (larger, length);
    }
}
