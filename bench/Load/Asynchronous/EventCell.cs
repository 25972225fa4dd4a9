using Hearth.Bench.Load.Invocations;
using Hearth.Bench.Load.Measuring;
using Hearth.Bench.Load.Node;
using Hearth.Bench.Load.Reporting;
using Hearth.Contracts.V1;

namespace Hearth.Bench.Load.Asynchronous;

/// <summary>Stretches of accepting, each followed by a wait until the queue is empty, which is measured as well.</summary>
internal sealed class EventCell(WarmCell accepted, string workedOff, BenchNode node, string function)
{
    private long _events;
    private long _nanos;
    private long _deepest;

    public WarmCell Accepted => accepted;

    public async Task WarmUpAsync(TimeSpan time, CancellationToken cancelled)
    {
        await Task.Run(() => accepted.WarmUp(time, cancelled), cancelled);
        await UntilEmptyAsync(cancelled);
    }

    public async Task ClosedAsync(TimeSpan warmUp, TimeSpan time, CancellationToken cancelled)
    {
        await Task.Run(() => accepted.Closed(warmUp, time, cancelled), cancelled);
        var began = Clock.Now;
        var before = await QueueAsync(cancelled);
        await UntilEmptyAsync(cancelled);
        _nanos += Clock.Now - began;
        var after = await QueueAsync(cancelled);
        _events += after.Succeeded - before.Succeeded;
        _deepest = Math.Max(_deepest, before.Waiting + before.InFlight);
    }

    public Row WorkedOff(string part) => new()
    {
        Part = part,
        Name = workedOff,
        From = "the last 202",
        To = "an empty queue, asked every 10 ms",
        Unit = "us",
        Count = _events,
        Seconds = _nanos / 1e9,
        PerSecond = _nanos == 0 ? 0 : _events * 1e9 / _nanos,
        Note = $"at most {_deepest} events were waiting",
    };

    private Task UntilEmptyAsync(CancellationToken cancelled) =>
        Deployment.UntilAsync("the queue is empty", async () => await QueueAsync(cancelled) is { Waiting: 0, InFlight: 0 }, cancelled, seconds: 300);

    private async Task<QueueInfo> QueueAsync(CancellationToken cancelled)
    {
        var queues = await node.Events.GetQueuesAsync(new GetQueuesRequest { FunctionName = function }, cancellationToken: cancelled);
        return queues.Queues.Count == 1 ? queues.Queues[0] : new QueueInfo();
    }
}
