namespace Hearth.Agent.Scheduling;

/// <summary>
/// How long a function was left alone before it was called again: minute-wide bins of four hours, as in "Serverless in the Wild" (Shahrad et al., USENIX ATC 2020, section 4).
/// When a bin is full all are halved, so what was lately counts more.
/// </summary>
internal sealed class IdleTimes
{
    private const int Minutes = 240;
    private const int Fewest = 4;
    // The paper's: below it the times lie all over the place, and nothing is foretold.
    private const double LeastSpread = 2;
    private const double Head = 0.05;
    private const double Tail = 0.99;
    // Made with the first reading: most functions are never called twice.
    private byte[]? _bins;
    private int _count;
    private int _beyond;
    private bool _isStale;
    private IdlePattern? _pattern;

    public void Add(TimeSpan idle)
    {
        _isStale = true;
        if (idle >= TimeSpan.FromMinutes(Minutes))
        {
            if (++_beyond == byte.MaxValue)
                Halve();
            return;
        }
        _bins ??= new byte[Minutes];
        _count++;
        if (++_bins[Math.Max(0, (int)idle.TotalMinutes)] == byte.MaxValue)
            Halve();
    }

    /// <summary>Null while none is known: too few readings, too many beyond the last bin, or no bins that stand out.</summary>
    public IdlePattern? Pattern
    {
        get
        {
            if (_isStale)
            {
                _isStale = false;
                _pattern = Find();
            }
            return _pattern;
        }
    }

    private IdlePattern? Find()
    {
        if (_count < Fewest || _beyond > _count)
            return null;
        double squares = 0;
        foreach (int bin in _bins!)
            squares += bin * bin;
        var mean = (double)_count / Minutes;
        return Math.Sqrt(Math.Max(0, (squares / Minutes) - (mean * mean))) < LeastSpread * mean
            ? null
            : new IdlePattern(TimeSpan.FromMinutes(BinAt(Head)), TimeSpan.FromMinutes(BinAt(Tail) + 1));
    }

    private int BinAt(double share)
    {
        var left = Math.Max(1, (int)Math.Ceiling(_count * share)) - _bins![0];
        var bin = 0;
        while (left > 0)
            left -= _bins[++bin];
        return bin;
    }

    private void Halve()
    {
        _beyond /= 2;
        _count = 0;
        foreach (ref var bin in _bins.AsSpan())
        {
            bin /= 2;
            _count += bin;
        }
    }
}

/// <param name="Head">Rarely called again sooner than this: lower edge of the bin that holds the 5th percentile.</param>
/// <param name="Tail">Rarely later: upper edge of the 99th percentile's bin.</param>
internal readonly record struct IdlePattern(TimeSpan Head, TimeSpan Tail);
