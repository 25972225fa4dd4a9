using BenchmarkDotNet.Attributes;
using Hearth.Agent.Scheduling;

namespace Hearth.Bench.Micro;

/// <summary>What is decided under the scheduler's gate.</summary>
[MustNotAllocate]
public class SchedulerBenchmarks
{
    private readonly SchedulingPolicy _policy = new(new PolicySettings(64 * 1024, TimeSpan.FromMilliseconds(80), TimeSpan.FromMinutes(10)), TimeProvider.System);
    private readonly MemoryState[] _states = new MemoryState[64];
    private readonly IdleCandidate[] _candidates = new IdleCandidate[500];

    [GlobalSetup]
    public void SetUp()
    {
        var random = new Random(1);
        for (var i = 0; i < _states.Length; i++)
            _states[i] = new MemoryState(random.Next(60 * 1024, 64 * 1024), random.Next(4096), HasIdle: true);
        for (var i = 0; i < _candidates.Length; i++)
            _candidates[i] = new IdleCandidate(random.NextInt64(1, 1_000_000_000), 128);
    }

    [Benchmark(OperationsPerInvoke = 64)]
    public int Place()
    {
        var sum = 0;
        foreach (ref readonly var state in _states.AsSpan())
            sum += (int)_policy.Place(state, 1769);
        return sum;
    }

    [Benchmark]
    public bool IsFreezeDue() => _policy.IsFreezeDue(1);

    [Benchmark]
    public int ChooseVictimOf500() => _policy.ChooseVictim(_candidates);
}
