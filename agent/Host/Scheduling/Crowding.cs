namespace Hearth.Agent.Scheduling;

/// <summary>How often a function lately had no instance to spare: events that found none idle, or took the last one while others were busy. Counts over one to two spans of 30 s.</summary>
internal struct Crowding
{
    private static readonly TimeSpan s_span = TimeSpan.FromSeconds(30);
    private long _began;
    private int _now;
    private int _before;

    public void Add(TimeProvider time)
    {
        Roll(time);
        _now++;
    }

    public int Recent(TimeProvider time)
    {
        if (_now + _before > 0)
            Roll(time);
        return _now + _before;
    }

    private void Roll(TimeProvider time)
    {
        var spans = time.GetElapsedTime(_began) / s_span;
        if (spans < 1)
            return;
        _before = spans < 2 ? _now : 0;
        _now = 0;
        _began = time.GetTimestamp();
    }
}
