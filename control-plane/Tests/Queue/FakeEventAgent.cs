using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Hearth.Contracts.V1;

namespace Hearth.ControlPlane.Tests.Queue;

/// <summary>Speaks the agent's end of the stream of events, over the real socket.</summary>
internal sealed class FakeEventAgent : IAsyncDisposable
{
    private readonly AsyncDuplexStreamingCall<EventsUp, EventsDown> _call;
    private readonly ConcurrentDictionary<ulong, TaskCompletionSource<EventAnswer>> _answers = new();
    private readonly Channel<EventRun> _runs = Channel.CreateUnbounded<EventRun>();
    private readonly SemaphoreSlim _writing = new(1);
    private readonly Func<EventRun, EventResult?>? _act;
    private ulong _last;

    private FakeEventAgent(AsyncDuplexStreamingCall<EventsUp, EventsDown> call, Func<EventRun, EventResult?>? act)
    {
        (_call, _act) = (call, act);
        Ended = ReadAsync();
    }

    public Task Ended { get; }

    /// <summary>Events whose reports are on the control plane's disk.</summary>
    public ConcurrentQueue<ulong> Settled { get; } = new();

    /// <param name="act">What comes of a run, at once; null = the test takes runs by <see cref="RunAsync"/>.</param>
    public static async Task<FakeEventAgent> ConnectAsync(ChannelBase channel, Func<EventRun, EventResult?>? act = null, string id = "agent-1")
    {
        var agent = new FakeEventAgent(new AgentLink.AgentLinkClient(channel).Events(), act);
        await agent.WriteAsync(new EventsUp { AgentId = id });
        return agent;
    }

    public async Task<EventAnswer> OfferAsync(Guid id, string function = "f", string payload = "{}", string qualifier = "")
    {
        ulong offer = Interlocked.Increment(ref _last);
        TaskCompletionSource<EventAnswer> answer = _answers[offer] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var message = new EventsUp();
        message.Offers.Add(new EventOffer
        {
            OfferId = offer,
            RequestId = ByteString.CopyFrom(id.ToByteArray(bigEndian: true)),
            FunctionName = function,
            Qualifier = qualifier,
            Payload = ByteString.CopyFromUtf8(payload),
        });
        await WriteAsync(message);
        await Task.WhenAny(answer.Task, Ended);
        return answer.Task.IsCompleted ? await answer.Task : throw new IOException("the stream ended before the answer");
    }

    public Task<EventRun> RunAsync() => _runs.Reader.ReadAsync(Xunit.TestContext.Current.CancellationToken).AsTask();

    public Task ReportAsync(EventResult result)
    {
        var message = new EventsUp();
        message.Results.Add(result);
        return WriteAsync(message);
    }

    public static Guid IdOf(EventRun run) => new(run.RequestId.Span, bigEndian: true);

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        await Ended.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task WriteAsync(EventsUp message)
    {
        await _writing.WaitAsync();
        try
        {
            await _call.RequestStream.WriteAsync(message);
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        await foreach (EventsDown message in _call.ResponseStream.ReadAllAsync())
        {
            foreach (EventAnswer answer in message.Answers)
            {
                if (_answers.TryRemove(answer.OfferId, out TaskCompletionSource<EventAnswer>? waiting))
                    waiting.SetResult(answer);
            }

            foreach (ulong settled in message.Settled)
                Settled.Enqueue(settled);
            foreach (EventRun run in message.Runs)
            {
                if (_act is null)
                    _runs.Writer.TryWrite(run);
                else if (_act(run) is { } result)
                    await ReportAsync(result);
            }
        }
    }
}
