using System.Buffers;
using System.IO.Pipelines;

namespace Hearth.Agent.Scheduling;

/// <summary>
/// An answer that its caller gets while the function makes it. Written by the event loop's thread and read by the caller's; it holds at most
/// <see cref="HighWater"/> bytes and one chunk, and whoever writes waits for the reader beyond that.
/// </summary>
#pragma warning disable CA1001 // The pipe gives back what it took of the pool, which holds nothing by itself.
internal sealed class ResponseStream
#pragma warning restore CA1001
{
    /// <summary>Bytes that may lie unread before the sandbox's pipe is left alone.</summary>
    public const int HighWater = 256 * 1024;

    private const int LowWater = 64 * 1024;
    private readonly AnswerMemory _memory = new();
    private readonly Pipe _pipe;
    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _unread;

    public ResponseStream() => _pipe = new Pipe(new PipeOptions(
        _memory, readerScheduler: PipeScheduler.ThreadPool, writerScheduler: PipeScheduler.Inline, pauseWriterThreshold: HighWater, resumeWriterThreshold: LowWater,
        useSynchronizationContext: false));

    /// <summary>Completes when the function begins to stream, or when the invocation ends without that.</summary>
    public Task Begun => _begun.Task;

    /// <summary>The function streams. False after <see cref="Begun"/>: the invocation's result is the whole answer.</summary>
    public bool IsStreamed { get; private set; }

    /// <summary>As the runtime gave it, or null.</summary>
    public string? ContentType { get; private set; }

    /// <summary>Bytes written so far, read or not.</summary>
    public long Length { get; private set; }

    /// <summary>Ends where the invocation does; how that was is in its result. Complete it to have the rest thrown away: the function runs on.</summary>
    public PipeReader Reader => _pipe.Reader;

    /// <param name="share">Whose the bytes are that are held.</param>
    public void Begin(string? contentType, AnswerShare share)
    {
        _memory.Share = share;
        ContentType = contentType;
        IsStreamed = true;
        _begun.TrySetResult();
    }

    /// <returns>Null when there is room for more; else what completes when there is.</returns>
    public Task? Write(ReadOnlySpan<byte> bytes)
    {
        Length += bytes.Length;
        if (_unread)
            return null;
        _pipe.Writer.Write(bytes);
        var flush = _pipe.Writer.FlushAsync();
        if (!flush.IsCompleted)
            return WaitAsync(flush);
        _unread = flush.Result.IsCompleted;
        return null;
    }

    public void End()
    {
        _pipe.Writer.Complete();
        _begun.TrySetResult();
    }

    private async Task WaitAsync(ValueTask<FlushResult> flush) => _unread = (await flush.ConfigureAwait(false)).IsCompleted;
}
