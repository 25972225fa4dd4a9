using Hearth.Agent.Scheduling;

namespace Hearth.Bench.Load.Trace;

/// <param name="Settings">As the agent's.</param>
/// <param name="IsOldestFirst">When memory is short who was idle for longest goes, instead of who is worth least.</param>
internal sealed record ReplayedPolicy(PolicySettings Settings, bool IsOldestFirst);

/// <param name="Cold">Calls that waited for a start.</param>
/// <param name="ColdSeconds">What they waited for it, all together.</param>
/// <param name="Ahead">Starts that nobody waited for.</param>
/// <param name="Refused">Calls for which there was no memory, nobody being idle.</param>
/// <param name="MemoryHours">GB-hours held by instances, at work or idle.</param>
/// <param name="PeakMb">The most that they held.</param>
/// <param name="ColdShares">Of each function with at least ten calls: the part of its calls that was cold, sorted.</param>
internal sealed record ReplayResult(long Calls, long Cold, double ColdSeconds, long Ahead, long Refused, double MemoryHours, long PeakMb, IReadOnlyList<double> ColdShares)
{
    public double ColdShareAt(double percentile) => ColdShares.Count == 0 ? 0 : ColdShares[(int)Math.Min(ColdShares.Count - 1, ColdShares.Count * percentile / 100)];
}

/// <summary>
/// One node that serves a trace in its own time, by the agent's own decisions: where memory is short (<see cref="SchedulingPolicy"/>), how long who is idle is kept, what is started ahead
/// (<see cref="KeepAlive"/>). What is simplified: a call never waits for a busy instance, an end takes no time.
/// </summary>
internal sealed class Replay
{
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(10);
    private readonly Clock _clock = new();
    private readonly SyntheticTrace _trace;
    private readonly ReplayedPolicy _replayed;
    private readonly SchedulingPolicy _policy;
    private readonly Function[] _functions;
    private readonly List<Instance> _instances = [];
    private readonly PriorityQueue<Instance, long> _ends = new();
    private long _usedMb;
    private long _peakMb;
    private long _cold;
    private double _coldSeconds;
    private long _started;
    private long _refused;
    private int _unused;
    private double _megabyteSeconds;

    private Replay(SyntheticTrace trace, ReplayedPolicy policy)
    {
        _trace = trace;
        _replayed = policy;
        _policy = new SchedulingPolicy(policy.Settings, _clock);
        _functions = [.. trace.Functions.Select(static spec => new Function(spec))];
    }

    public static ReplayResult Run(SyntheticTrace trace, ReplayedPolicy policy) => new Replay(trace, policy).Run();

    private ReplayResult Run()
    {
        var tick = s_tick;
        foreach (var call in _trace.Calls)
        {
            for (; tick <= call.At; tick += s_tick)
            {
                AdvanceTo(tick);
                Tick();
            }
            AdvanceTo(call.At);
            Serve(_functions[call.Function], call.Takes);
        }
        AdvanceTo(_trace.Length);
        return new ReplayResult(
            _trace.Calls.Count, _cold, _coldSeconds, _started, _refused, _megabyteSeconds / 1024 / 3600, _peakMb,
            [.. _functions.Where(static f => f.Calls >= 10).Select(static f => (double)f.Cold / f.Calls).Order()]);
    }

    private void AdvanceTo(TimeSpan at)
    {
        while (_ends.TryPeek(out _, out var end) && end <= at.Ticks)
        {
            Pass(new TimeSpan(end));
            Finish(_ends.Dequeue());
        }
        Pass(at);
    }

    private void Pass(TimeSpan at)
    {
        _megabyteSeconds += (at - _clock.Now).TotalSeconds * _usedMb;
        _clock.Now = at;
    }

    private void Serve(Function function, TimeSpan takes)
    {
        function.Calls++;
        if (function.QuietSince is { } since)
            function.IdleTimes.Add(_clock.GetElapsedTime(since));
        function.QuietSince = null;
        function.WasStartedAhead = false;
        var instance = function.Idle.Count > 0 ? function.Idle[^1] : null;
        var isCrowded = instance is null ? function.Busy > 0 : function.Busy > 0 && function.Idle.Count == 1;
        if (instance is null)
        {
            function.Cold++;
            _cold++;
            _coldSeconds += function.Spec.Start;
            if (!TryMakeRoom(function.Spec.MemoryMb))
            {
                _refused++;
                if (function.Busy == 0)
                    function.QuietSince = _clock.GetTimestamp();
                return;
            }
            instance = Start(function, isAhead: false);
            takes += function.Start;
        }
        if (instance.IsUnused)
        {
            instance.IsUnused = false;
            _unused--;
        }
        function.Idle.Remove(instance);
        function.Busy++;
        _ends.Enqueue(instance, (_clock.Now + takes).Ticks);
        if (!isCrowded)
            return;
        function.Crowding.Add(_clock);
        if (_policy.IsSpareWorthwhile(new SpareDemand(function.Idle.Count, function.Busy, function.Crowding.Recent(_clock), function.Start)))
            TryStartAhead(function);
    }

    private void Finish(Instance instance)
    {
        var function = instance.Function;
        instance.Uses++;
        if (--function.Busy == 0)
            function.QuietSince = _clock.GetTimestamp();
        Rest(instance);
        function.Idle.Add(instance);
    }

    private void Rest(Instance instance)
    {
        instance.IdleSince = _clock.GetTimestamp();
        instance.Worth = _replayed.IsOldestFirst ? 0 : _policy.Worth(instance.Uses, instance.Function.Start, instance.Function.Spec.MemoryMb);
    }

    private Instance Start(Function function, bool isAhead)
    {
        var instance = new Instance(function) { IsUnused = isAhead };
        _instances.Add(instance);
        _usedMb += function.Spec.MemoryMb;
        _peakMb = Math.Max(_peakMb, _usedMb);
        if (!isAhead)
            return instance;
        _started++;
        _unused++;
        Rest(instance);
        function.Idle.Insert(0, instance);
        return instance;
    }

    private bool TryStartAhead(Function function)
    {
        if (_unused >= _replayed.Settings.Spares || _policy.Place(new MemoryState(_usedMb, 0, HasIdle: false), function.Spec.MemoryMb) != Placement.Start)
            return false;
        Start(function, isAhead: true);
        return true;
    }

    private bool TryMakeRoom(int memoryMb)
    {
        while (true)
        {
            var idle = _instances.Where(static i => i.Function.Idle.Contains(i)).ToList();
            switch (_policy.Place(new MemoryState(_usedMb, 0, idle.Count > 0), memoryMb))
            {
                case Placement.Start:
                    return true;
                case Placement.Evict:
                    End(idle[_policy.ChooseVictim([.. idle.Select(static i => new IdleCandidate(i.IdleSince, i.Worth))])]);
                    break;
                default:
                    return false;
            }
        }
    }

    private void End(Instance instance)
    {
        instance.Function.Idle.Remove(instance);
        _instances.Remove(instance);
        _usedMb -= instance.Function.Spec.MemoryMb;
        _unused -= instance.IsUnused ? 1 : 0;
    }

    private void Tick()
    {
        foreach (var function in _functions)
        {
            for (var i = function.Idle.Count - 1; i >= 0; i--)
            {
                var instance = function.Idle[i];
                if (_policy.IsEndDue(new IdleInstance(instance.IdleSince, function.QuietSince, i == function.Idle.Count - 1, instance.IsUnused, function.IdleTimes.Pattern)))
                    End(instance);
            }
        }
        foreach (var function in _functions)
        {
            if (function.Busy + function.Idle.Count == 0 && !function.WasStartedAhead && _policy.IsStartAheadDue(function.QuietSince, function.IdleTimes.Pattern))
                function.WasStartedAhead = TryStartAhead(function);
        }
    }

    private sealed class Clock : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }

    private sealed class Function(TraceFunction spec)
    {
        public TraceFunction Spec => spec;

        public TimeSpan Start { get; } = TimeSpan.FromSeconds(spec.Start);

        public List<Instance> Idle { get; } = [];

        public int Busy { get; set; }

        public long Calls { get; set; }

        public long Cold { get; set; }

        public long? QuietSince { get; set; }

        public bool WasStartedAhead { get; set; }

        public IdleTimes IdleTimes { get; } = new();

        public Crowding Crowding;
    }

    private sealed class Instance(Function function)
    {
        public Function Function => function;

        public long IdleSince { get; set; }

        public double Worth { get; set; }

        public long Uses { get; set; }

        public bool IsUnused { get; set; }
    }
}
