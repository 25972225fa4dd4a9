using System.Buffers;
using Hearth.Wire;

namespace Hearth.Agent.Sandboxes;

/// <summary>A streamed answer, gathered for a caller that wants it whole. Holds nothing between answers.</summary>
internal sealed class ResponseBuffer
{
    private byte[] _bytes = [];
    private int _length;

    public string? ContentType { get; private set; }

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    public void Begin(string? contentType)
    {
        Clear();
        ContentType = contentType;
    }

    /// <returns>False when it would be over Lambda's cap of a buffered answer.</returns>
    public bool TryAppend(ReadOnlySpan<byte> chunk)
    {
        if (_length + chunk.Length > FrameLimits.MaxPayloadLength)
            return false;
        if (_length + chunk.Length > _bytes.Length)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_length + chunk.Length, 2 * _length));
            _bytes.AsSpan(0, _length).CopyTo(larger);
            Return();
            _bytes = larger;
        }
        chunk.CopyTo(_bytes.AsSpan(_length));
        _length += chunk.Length;
        return true;
    }

    public void Clear()
    {
        Return();
        _bytes = [];
        _length = 0;
        ContentType = null;
    }

    private void Return()
    {
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
    }
}
