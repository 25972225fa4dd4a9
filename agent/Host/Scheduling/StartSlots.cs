namespace Hearth.Agent.Scheduling;

/// <summary>
/// How many instances may start at the same time. A start is mostly computing: a hundred at once take as long as one after the other, each of them then takes as long as all, and whatever
/// else the machine does waits with them. One that has not come up after a while waits for something else, or is slow by itself, and keeps nobody from starting any more.
/// Guarded by the scheduler's gate.
/// </summary>
/// <param name="count">At least 1.</param>
/// <param name="held">How long one counts at most, from its start on.</param>
/// <param name="isStarting">False once it is up, or gone.</param>
internal sealed class StartSlots<T>(int count, Func<T, TimeSpan> held, Func<T, bool> isStarting, TimeProvider time)
{
    private readonly List<(T Starter, long Since)> _taken = [];

    /// <summary>A start had to wait since this was cleared.</summary>
    public bool Refused { get; set; }

    /// <summary>False when as many start as may.</summary>
    public bool IsFree()
    {
        if (_taken.Count >= count)
            _taken.RemoveAll(x => !isStarting(x.Starter) || time.GetElapsedTime(x.Since) >= held(x.Starter));
        Refused |= _taken.Count >= count;
        return _taken.Count < count;
    }

    /// <summary>So that what nobody waits for leaves slots to those who do.</summary>
    public bool IsHalfFree()
    {
        _taken.RemoveAll(x => !isStarting(x.Starter) || time.GetElapsedTime(x.Since) >= held(x.Starter));
        return _taken.Count <= (count - 1) / 2;
    }

    public void Take(T starter) => _taken.Add((starter, time.GetTimestamp()));
}
