namespace Hearth.Agent.Scheduling;

/// <summary>What something takes, as it was lately: each new reading counts a fifth.</summary>
internal struct Estimate
{
    private const double Newest = 0.2;
    private double _mean;
    private bool _isKnown;

    /// <summary>Null before the first reading.</summary>
    public readonly TimeSpan? Value => _isKnown ? TimeSpan.FromTicks((long)_mean) : null;

    public void Add(TimeSpan reading)
    {
        _mean = _isKnown ? _mean + (Newest * (reading.Ticks - _mean)) : reading.Ticks;
        _isKnown = true;
    }
}
