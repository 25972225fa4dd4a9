using BenchmarkDotNet.Attributes;
using Hearth.Agent.Scheduling;

namespace Hearth.Bench.Micro;

/// <summary>What is decided under the scheduler's gate.</summary>
[MustNotAllocate]
public class SchedulerBenchmarks
{
    private readonly SchedulingPolicy _policy = new(new PolicySettings(64 * 1024, TimeSpan.FromMilliseconds(80), TimeSpan.FromMinutes(10)), TimeProvider.System);
    private readonly IdleCandidate[] _candidates = new IdleCandidate[500];

    [GlobalSetup]
    public void SetUp()
    {
        var random = new Random(1);
        for (var i = 0; i < _candidates.Length; i++)
            _candidates[i] = new IdleCandidate(random.NextInt64(1, 1_000_000_000), 128);
    }

    [Benchmark]
    public int Place() => (int)_policy.Place(new MemoryState(63 * 1024, 512, HasIdle: true), 1769);

    [Benchmark]
    public bool IsFreezeDue() => _policy.IsFreezeDue(1);

    [Benchmark]
    public int ChooseVictimOf500() => _policy.ChooseVictim(_candidates);
}
