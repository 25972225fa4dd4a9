using Hearth.Bench.Load.Measuring;
using Hearth.Bench.Load.Processes;

namespace Hearth.Bench.Load.Sandboxes;

/// <summary>A program, from posix_spawn until it is reaped.</summary>
/// <param name="command">Makes the command line of a creator: containers need different names.</param>
internal sealed class ProgramPeer(string name, Func<int, string[]> command) : Peer(name)
{
    public const int MostCreators = 4;
    private readonly SpawnedProgram[] _programs = [.. Enumerable.Range(0, MostCreators).Select(i => new SpawnedProgram(command(i)))];
    private long _cpu;

    public override void Dispose() => Array.ForEach(_programs, static program => program.Dispose());

    protected override long? CpuNow() => _cpu;

    protected override (long Ready, long Whole) Once()
    {
        var began = Clock.Now;
        var ended = _programs[0].Run();
        var whole = Clock.Now - began;
        _cpu += ended.CpuNanos;
        return (0, whole);
    }

    protected override int Many(int creators, long until, CancellationToken cancelled)
    {
        var done = 0;
        Exception? failure = null;
        var threads = Enumerable.Range(0, creators).Select(i => new Thread(() =>
        {
            try
            {
                while (Clock.Now < until && !cancelled.IsCancellationRequested && Volatile.Read(ref failure) is null)
                {
                    _programs[i].Run();
                    Interlocked.Increment(ref done);
                }
            }
            catch (BenchException e)
            {
                Volatile.Write(ref failure, e);
            }
        })).ToList();
        threads.ForEach(static thread => thread.Start());
        threads.ForEach(static thread => thread.Join());
        return failure is null ? done : throw failure;
    }
}

/// <summary>Hearth's sandboxes.</summary>
internal sealed class SandboxPeer(string name, SpawnerProcess spawner, SandboxCycles cycles, Func<(long Ready, long Whole)> once) : Peer(name)
{
    public override void Dispose()
    {
    }

    protected override long? CpuNow() => spawner.CpuNanos();

    protected override (long Ready, long Whole) Once() => once();

    protected override int Many(int creators, long until, CancellationToken cancelled) => cycles.Parallel(creators, until, cancelled);
}
