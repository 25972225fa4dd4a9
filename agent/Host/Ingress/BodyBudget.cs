namespace Hearth.Agent.Ingress;

/// <summary>Bytes of gathered events that all connections together may hold, so that many slow clients cannot take the machine's memory from the sandboxes.</summary>
/// <param name="bytes">More than the largest event.</param>
internal sealed class BodyBudget(long bytes)
{
    private long _left = bytes;

    public static BodyBudget ForMachine() => new(Math.Max(256L << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8));

    public bool TryTake(int count)
    {
        if (Interlocked.Add(ref _left, -count) >= 0)
            return true;
        Interlocked.Add(ref _left, count);
        return false;
    }

    public void Give(int count) => Interlocked.Add(ref _left, count);
}
