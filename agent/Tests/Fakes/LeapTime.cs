namespace Hearth.Agent.Tests.Fakes;

/// <summary>The system's clock and timers, but that it leaps when told. Only while nothing is under way: whatever is would have taken as long.</summary>
internal sealed class LeapTime : TimeProvider
{
    private long _leapt;

    public void Leap(TimeSpan by) => Interlocked.Add(ref _leapt, by.Ticks);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => System.GetElapsedTime(0).Ticks + Volatile.Read(ref _leapt);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Volatile.Read(ref _leapt));
}
