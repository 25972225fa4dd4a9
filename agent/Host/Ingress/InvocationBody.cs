using System.Buffers;
using System.Text.Json;
using System.Text.Unicode;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

/// <summary>The event: read whole, bounded, and checked to be JSON when that is what it says it is.</summary>
internal struct InvocationBody : IDisposable
{
    /// <summary>Lambda's cap of a synchronous request.</summary>
    public const int MaxLength = 6_291_456;

    private const int MaxJsonDepth = 1000;
    private static readonly byte[] s_empty = "{}"u8.ToArray();
    private byte[]? _rented;

    public ReadOnlyMemory<byte> Payload { get; private set; }

    /// <exception cref="LambdaException">Too large.</exception>
    /// <exception cref="IOException">The client broke off.</exception>
    public static async Task<InvocationBody> ReadAsync(HttpRequest request)
    {
        if (request.ContentLength > MaxLength)
            throw new LambdaException(LambdaError.RequestTooLarge(MaxLength, "InvokeFunction"));
        var body = new InvocationBody { Payload = s_empty };
        if (request.ContentLength == 0)
            return body;
        var buffer = ArrayPool<byte>.Shared.Rent((int)(request.ContentLength ?? 4096) + 1);
        var length = 0;
        try
        {
            while (true)
            {
                if (length == buffer.Length)
                    buffer = Grow(buffer, length);
                var count = await request.Body.ReadAsync(buffer.AsMemory(length), request.HttpContext.RequestAborted);
                if (count == 0)
                    break;
                length += count;
                if (length > MaxLength)
                    throw new LambdaException(LambdaError.RequestTooLarge(MaxLength, "InvokeFunction"));
            }
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
        body._rented = buffer;
        if (length > 0)
            body.Payload = buffer.AsMemory(0, length);
        return body;
    }

    /// <exception cref="LambdaException">It is not.</exception>
    public readonly void RequireJson()
    {
        var bytes = Payload.Span;
        if (!Utf8.IsValid(bytes))
            throw new LambdaException(LambdaError.PayloadNotJson("Invalid UTF-8"));
        var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = MaxJsonDepth });
        try
        {
            while (reader.Read())
            {
                // Only whether it can be read matters.
            }
        }
        catch (JsonException e)
        {
            throw new LambdaException(LambdaError.PayloadNotJson(e.Message));
        }
    }

    public void Dispose()
    {
        if (_rented is not null)
            ArrayPool<byte>.Shared.Return(_rented);
        _rented = null;
        Payload = default;
    }

    private static byte[] Grow(byte[] buffer, int length)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Min(MaxLength + 1, buffer.Length * 2));
        buffer.AsSpan(0, length).CopyTo(larger);
        ArrayPool<byte>.Shared.Return(buffer);
        return larger;
    }
}
