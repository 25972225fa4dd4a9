using Hearth.Agent.Sandboxes;

namespace Hearth.Agent.Scheduling;

// The machine runs short of memory whatever the budget says: instances make room before the kernel does.
internal sealed partial class Scheduler
{
    // At most this part of the idle ones goes at a time, and no more of them than that; what they held shows in the signs some seconds later.
    private const int Share = 4, MostAtOnce = 16;
    private static readonly TimeSpan s_between = TimeSpan.FromSeconds(5);
    private MemoryBrake _brake;
    private long? _lastCut;
    private bool _brakeIsUnknown;

    private MemoryBrake ReadBrake()
    {
        if (_settings.Brake is not { } judge)
            return MemoryBrake.Off;
        try
        {
            return judge(_brake);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            if (!_brakeIsUnknown)
                _services.Log.LogWarning("The machine's memory cannot be read, so only the budget counts: {Cause}", e.Message);
            _brakeIsUnknown = true;
            return MemoryBrake.Off;
        }
    }

    /// <summary>Under the gate.</summary>
    private void Apply(MemoryBrake brake, ref PlannedWork work)
    {
        _brake = brake;
        if (brake != MemoryBrake.Back || (_lastCut is { } last && _services.Time.GetElapsedTime(last) < s_between))
            return;
        _lastCut = _services.Time.GetTimestamp();
        var idle = _pools.Values.Where(IsSpare).Sum(static p => p.Idle.Count);
        for (var left = Math.Min(MostAtOnce, (idle + Share - 1) / Share); left > 0 && ChooseVictim() is { } victim; left--)
            Stop(victim, ref work, ColdReason.Memory);
    }
}
