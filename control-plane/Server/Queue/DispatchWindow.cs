namespace Hearth.ControlPlane.Queue;

/// <summary>
/// How many events of one function may be under way at once. It begins with two and grows while what waits would take longer than half a second to work
/// off, so that a function which answers in a millisecond gets few instances and one that takes seconds gets many; a throttle halves it and holds the
/// function for a moment, so that a long queue does not run against a wall event by event. It does not grow while tries take much longer than the function's
/// best: then they wait for each other, and more of them would only be more instances on a machine that is busy. Times are monotonic milliseconds.
/// </summary>
public sealed class DispatchWindow(int largest)
{
    private const int Smallest = 2;
    private const double Patience = 500;
    private const double Smoothing = 0.2;
    private const int LongestHold = 1_000;
    private const double Crowded = 3;

    /// <summary>Then a best is forgotten: what a function does may change.</summary>
    private const int BestForMs = 10_000;

    private double _mean = -1;
    private double _best = double.MaxValue;
    private long _bestAt;
    private long _progressAt;
    private long _heldUntil;
    private int _refusals;

    public int Limit { get; private set; } = Smallest;

    public bool HasRoom(int inFlight, long now) => inFlight < Limit && now >= _heldUntil;

    public void Began(int inFlight, long now)
    {
        if (inFlight == 1)
            _progressAt = now;
    }

    /// <summary>A try was made, whatever came of it.</summary>
    public void Ran(long took, long waiting, int inFlight, long now)
    {
        _progressAt = now;
        _refusals = 0;
        _mean = _mean < 0 ? took : _mean + (Smoothing * (took - _mean));
        if (_mean <= _best || now - _bestAt > BestForMs)
            (_best, _bestAt) = (_mean, now);
        if (waiting == 0 && inFlight == 0)
            Limit = Smallest;
        else if (inFlight + 1 >= Limit && _mean * waiting / Limit > Patience && _mean <= Math.Max(_best, 1) * Crowded)
            Limit = Math.Min(Limit + 1, largest);
    }

    public void Refused(bool throttled, long now)
    {
        _progressAt = now;
        _refusals = Math.Min(_refusals + 1, 10);
        _heldUntil = now + Math.Min(LongestHold, 10 << _refusals);
        Limit = throttled ? Math.Max(1, Limit / 2) : Math.Max(1, Limit - 1);
    }

    /// <summary>Nothing has come back for a while: what is under way counts with the time it has taken so far.</summary>
    public void Tick(long waiting, int inFlight, long now)
    {
        if (Limit < Smallest && now >= _heldUntil + LongestHold)
            Limit = Smallest;
        // The first instance of a busy machine may take seconds: doubled at each tick, there would be hundreds by then.
        if (waiting == 0 || inFlight < Limit || now - _progressAt < Patience || Math.Max(_mean, now - _progressAt) * waiting / Limit <= Patience)
            return;
        Limit = Math.Min(Limit * 2, largest);
        _progressAt = now;
    }
}
