namespace Hearth.Agent.Ingress;

/// <summary>
/// Bytes of gathered events that all connections together may hold, so that many slow clients cannot take the machine's memory from the sandboxes. Bodies of clients that have not proved who
/// they are may be half of it: the other half is left for those that have.
/// </summary>
/// <param name="bytes">More than twice the largest event.</param>
internal sealed class BodyBudget(long bytes)
{
    private long _left = bytes;
    private long _leftForAnybody = bytes / 2;

    /// <param name="isProved">It is known who sends it.</param>
    public bool TryTake(int count, bool isProved)
    {
        if (!TryTake(ref _left, count))
            return false;
        if (isProved || TryTake(ref _leftForAnybody, count))
            return true;
        Interlocked.Add(ref _left, count);
        return false;
    }

    public void Give(int count, bool isProved)
    {
        Interlocked.Add(ref _left, count);
        if (!isProved)
            Prove(count);
    }

    /// <summary>Who sent what was taken is known by now.</summary>
    public void Prove(int count) => Interlocked.Add(ref _leftForAnybody, count);

    private static bool TryTake(ref long left, int count)
    {
        if (Interlocked.Add(ref left, -count) >= 0)
            return true;
        Interlocked.Add(ref left, count);
        return false;
    }
}
