using BenchmarkDotNet.Attributes;
using Hearth.Agent.Functions;
using Hearth.Agent.Reporting.Journal;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Sandboxes;
using Hearth.Agent.Scheduling;
using Hearth.Contracts.V1;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hearth.Bench.Micro;

/// <summary>The choice of an instance, and the queue of those that wait for one.</summary>
[MustNotAllocate]
public class PoolBenchmarks
{
    private readonly FunctionPool _pool = new(new FunctionRevision(new FunctionSpec
    {
        FunctionName = "hello",
        Version = "$LATEST",
        Language = "python",
        MemoryMb = 128,
        TimeoutSeconds = 3,
        FunctionArn = "arn:aws:lambda:us-east-1:000000000000:function:hello",
    }), new FunctionUse());

    private Invocation _invocation = null!;
    private InvocationJournal _journal = null!;
    private LogStore _logs = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _invocation = new Invocation(_pool.Function, Guid.NewGuid(), default) { InvokedArn = _pool.Function.Spec.FunctionArn };
        var folder = Path.Combine(WorkFolder.Path, $"pool-{Guid.NewGuid():N}");
        _journal = new InvocationJournal(Path.Combine(folder, "journal"), TimeProvider.System, NullLogger.Instance);
        _logs = new LogStore(Path.Combine(folder, "logs"), LogSettings.Default, TimeProvider.System, NullLogger.Instance);
        // Nothing of these instances is ever started: no loop, spawner, code store or list of runtimes is touched.
        var services = new InstanceServices(null!, null!, null!, _logs, _journal, TimeProvider.System, NullLogger.Instance, InstanceSettings.Default, null!);
        for (var i = 0; i < 64; i++)
            _pool.AddIdle(new Agent.Sandboxes.Instance(_pool, null!, services, ColdReason.First));
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _journal.Dispose();
        _logs.Dispose();
    }

    [Benchmark]
    public bool TakeNewestOf64()
    {
        var instance = _pool.TakeWarm()!;
        _pool.AddIdle(instance);
        return instance.IsBare;
    }

    [Benchmark]
    public int QueueAndTake()
    {
        _pool.Enqueue(_invocation);
        return (int)_pool.Dequeue()!.Stage;
    }
}
