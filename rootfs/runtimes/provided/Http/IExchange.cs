namespace Hearth.Adapter.Http;

/// <summary>One request and its answer. The answer is given by <see cref="HttpConnection.Answer"/>, at once or later, once the body is complete.</summary>
internal interface IExchange
{
    /// <summary>The answer is known whatever the body says: one that waits for 100 Continue is not asked for.</summary>
    bool IsDecided { get; }

    void OnBody(ReadOnlySpan<byte> bytes);

    /// <summary>The body is complete.</summary>
    void OnEnd(Headers trailers);

    /// <summary>The connection ended, or went wrong, before the body was complete.</summary>
    void OnTruncated();

    /// <summary>The other end is gone before it was answered.</summary>
    void OnGone();
}

/// <summary>A body that is wanted whole.</summary>
/// <param name="limit">Bytes. Of a longer one nothing is kept, and it is told as null.</param>
/// <param name="whole">Called with the body.</param>
internal sealed class WholeBody(HttpRequest request, long limit, Action<byte[]?> whole, Action? truncated = null, Action? gone = null) : IExchange
{
    private byte[] _bytes = [];
    private int _length;
    private bool _over = request.Length > limit;

    public bool IsDecided => _over;

    public void OnBody(ReadOnlySpan<byte> bytes)
    {
        if (_over || _length + bytes.Length > limit)
        {
            _over = true;
            _bytes = [];
            return;
        }
        // What was announced is believed once a part of it has come.
        if (_length + bytes.Length > _bytes.Length)
            Array.Resize(ref _bytes, (int)Math.Max(_length + bytes.Length, Math.Min(Math.Max(request.Length, 2L * _bytes.Length), Math.Min(limit, 8L * (_length + bytes.Length)))));
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }

    public void OnEnd(Headers trailers)
    {
        if (!_over && _length != _bytes.Length)
            Array.Resize(ref _bytes, _length);
        whole(_over ? null : _bytes);
    }

    public void OnTruncated() => truncated?.Invoke();

    public void OnGone() => gone?.Invoke();
}
