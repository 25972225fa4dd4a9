using System.Threading.Tasks.Sources;
using Hearth.Agent.Functions;
using Hearth.Agent.Reporting.Logs;

namespace Hearth.Agent.Scheduling;

internal enum InvocationStage
{
    Queued,
    Claimed,
    Dispatched,
    Done,
}

/// <summary>One event on its way to a function and back. The frame path allocates nothing for it; its caller awaits it directly.</summary>
internal sealed class Invocation : IValueTaskSource<InvocationResult>
{
    // Continuations leave the loop's thread: they write HTTP responses.
    private ManualResetValueTaskSourceCore<InvocationResult> _source = new() { RunContinuationsAsynchronously = true };
    private int _answered;
    private int _stage;

    public Invocation(FunctionRevision function, Guid requestId, ReadOnlyMemory<byte> payload)
    {
        Function = function;
        RequestId = requestId;
        RequestIdText = requestId.ToString();
        Payload = payload;
    }

    public FunctionRevision Function { get; }

    public Guid RequestId { get; }

    /// <summary>Lower-case uuid.</summary>
    public string RequestIdText { get; }

    /// <summary>Untouched by its owner until the invocation is done.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <summary>With the qualifier only when the caller gave one.</summary>
    public required string InvokedArn { get; init; }

    public string? TraceId { get; init; }

    /// <summary>Decoded JSON.</summary>
    public string? ClientContext { get; init; }

    public string? ContentType { get; init; }

    /// <summary>Set when the caller wants the end of the log.</summary>
    public LogTail? Tail { get; init; }

    /// <summary>Set when the caller wants the answer while it is made.</summary>
    public ResponseStream? Stream { get; init; }

    /// <summary>How many runtimes ended before they had looked at the event, which then waits for another one.</summary>
    public int GivenBack { get; set; }

    /// <summary>Where it was taken in; set by the scheduler.</summary>
    public FunctionPool? Pool { get; set; }

    /// <summary>Guarded by the scheduler's gate but for Dispatched: who sees that one sees <see cref="StartedAt"/>, too.</summary>
    public InvocationStage Stage
    {
        get => (InvocationStage)Volatile.Read(ref _stage);
        set => Volatile.Write(ref _stage, (int)value);
    }

    /// <summary>Timestamp of its arrival.</summary>
    public long QueuedAt { get; set; }

    /// <summary>Timestamp of the write to the runtime, or of the second try of an init.</summary>
    public long StartedAt { get; set; }

    public long StartUnixMs { get; set; }

    /// <summary>Microseconds of initialisation that are this invocation's.</summary>
    public long InitUs { get; set; }

    public ValueTask<InvocationResult> Completion => new(this, _source.Version);

    /// <summary>The caller has its answer. With extensions the invocation may go on for a while.</summary>
    public bool IsAnswered => Volatile.Read(ref _answered) != 0;

    /// <summary>The first answer is the answer.</summary>
    public void Complete(in InvocationResult result)
    {
        if (Interlocked.Exchange(ref _answered, 1) != 0)
        {
            result.Release();
            return;
        }
        Stream?.End();
        _source.SetResult(result);
    }

    public InvocationResult GetResult(short token) => _source.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => _source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
