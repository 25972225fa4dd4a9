using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using System.Text.Unicode;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

/// <summary>
/// The event: bounded, and checked to be JSON. One that arrived in one piece stays in the connection's own buffer until it was answered; a larger one is gathered in
/// a buffer that grows with what has come, never with what was announced.
/// </summary>
internal sealed class InvocationBody : IDisposable
{
    /// <summary>Lambda's cap of a synchronous request.</summary>
    public const int MaxLength = 6_291_456;

    private const int MaxJsonDepth = 1000;
    private const int FirstBuffer = 64 * 1024;
    private static readonly byte[] s_empty = "{}"u8.ToArray();
    private readonly PipeReader _reader;
    private readonly BodyBudget _budget;
    private readonly string _operation;
    private ReadOnlySequence<byte> _held;
    private bool _holds;
    private readonly int _firstBuffer;
    private BodyOwner _owner;
    private byte[]? _rented;

    private InvocationBody(HttpRequest request, BodyBudget budget, BodyOwner owner, string operation)
    {
        _reader = request.BodyReader;
        _budget = budget;
        _owner = owner;
        _operation = operation;
        // A small one that comes in pieces stays one of those for which there is always room.
        _firstBuffer = request.ContentLength <= BodyBudget.Small ? BodyBudget.Small : FirstBuffer;
    }

    /// <summary>The bytes as they came.</summary>
    public ReadOnlyMemory<byte> Raw { get; private set; }

    /// <summary>An event is never empty.</summary>
    public ReadOnlyMemory<byte> Payload => Raw.IsEmpty ? s_empty : Raw;

    /// <param name="owner">Whom what is gathered counts for, so far.</param>
    /// <exception cref="LambdaException">Too large, or the node holds as many events as it may.</exception>
    /// <exception cref="IOException">The client broke off.</exception>
    public static async Task<InvocationBody> ReadAsync(HttpRequest request, BodyBudget budget, BodyOwner owner, string operation = "InvokeFunction")
    {
        if (request.ContentLength > MaxLength)
            throw TooLarge(operation);
        var body = new InvocationBody(request, budget, owner, operation);
        if (request.ContentLength == 0)
            return body;
        try
        {
            await body.FillAsync(request.HttpContext.RequestAborted);
            return body;
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Its signature was found to be right.</summary>
    /// <param name="owner">Whose it is then.</param>
    public void Prove(BodyOwner owner)
    {
        if (_rented is not null)
            _budget.Move(_owner, owner, _rented.Length);
        _owner = owner;
    }

    /// <exception cref="LambdaException">It is not.</exception>
    public void RequireJson()
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
        Raw = default;
        if (_rented is not null)
        {
            ArrayPool<byte>.Shared.Return(_rented);
            _budget.Give(_owner, _rented.Length);
            _rented = null;
        }
        if (_holds)
            _reader.AdvanceTo(_held.End);
        _holds = false;
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        while (true)
        {
            var read = await _reader.ReadAsync(cancellationToken);
            var piece = read.Buffer;
            if (length + piece.Length > MaxLength)
            {
                _reader.AdvanceTo(piece.End);
                throw TooLarge(_operation);
            }
            if (read.IsCompleted && length == 0 && piece.IsSingleSegment)
            {
                (_held, _holds) = (piece, true);
                Raw = piece.First;
                return;
            }
            try
            {
                Reserve(length, (int)piece.Length);
                piece.CopyTo(_rented.AsSpan(length));
                length += (int)piece.Length;
            }
            finally
            {
                _reader.AdvanceTo(piece.End);
            }
            if (!read.IsCompleted)
                continue;
            Raw = _rented.AsMemory(0, length);
            return;
        }
    }

    private void Reserve(int length, int more)
    {
        if (_rented is not null && length + more <= _rented.Length)
            return;
        var size = Math.Min(MaxLength, Math.Max(length + more, Math.Max(_firstBuffer, 2 * length)));
        var larger = ArrayPool<byte>.Shared.Rent(size);
        if (!_budget.TryTake(_owner, larger.Length))
        {
            ArrayPool<byte>.Shared.Return(larger);
            throw NoRoom();
        }
        if (_rented is not null)
        {
            _rented.AsSpan(0, length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_rented);
            _budget.Give(_owner, _rented.Length);
        }
        _rented = larger;
    }

    public static LambdaException NoRoom() => new(LambdaError.Service("This node holds as many bytes of events as it may, of this function or sender or of all; try again.", 503));

    public static LambdaException TooLarge(string operation = "InvokeFunction") => new(LambdaError.RequestTooLarge(MaxLength, operation));
}
