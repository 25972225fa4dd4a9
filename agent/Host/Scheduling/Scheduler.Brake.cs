using Hearth.Agent.Sandboxes;

namespace Hearth.Agent.Scheduling;

// The machine runs short of memory whatever the budget says: instances make room before the kernel does.
internal sealed partial class Scheduler
{
    // At most this part of the idle ones goes in a second: what they held shows in the signs a moment later.
    private const int Share = 4;
    private MemoryBrake _brake;
    private long _ceilingMb = long.MaxValue;

    private MemoryBrake ReadBrake()
    {
        if (_settings.Brake is not { } judge)
            return MemoryBrake.Off;
        try
        {
            return judge(_brake);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            _services.Log.LogWarning("The machine's memory cannot be read, so only the budget counts: {Cause}", e.Message);
            return MemoryBrake.Off;
        }
    }

    /// <summary>Under the gate.</summary>
    private void Apply(MemoryBrake brake, ref PlannedWork work)
    {
        var before = _brake;
        _brake = brake;
        if (brake == MemoryBrake.Off)
        {
            _ceilingMb = long.MaxValue;
            if (before != MemoryBrake.Off)
                PlanAll(ref work);
            return;
        }
        if (brake == MemoryBrake.Back)
        {
            for (var left = (_pools.Values.Where(IsSpare).Sum(static p => p.Idle.Count) + Share - 1) / Share; left > 0 && ChooseVictim() is { } victim; left--)
                Stop(victim, ref work, ColdReason.Memory);
        }
        if (before == MemoryBrake.Off || brake == MemoryBrake.Back)
            _ceilingMb = Math.Min(_ceilingMb, _usedMb - _leavingMb);
    }
}
