namespace Hearth.Agent.Reporting.Logs;

/// <summary>How much one instance may print: a token bucket. What is over it is counted, not kept.</summary>
internal sealed class FloodBudget(TimeProvider time)
{
    public const long BytesPerSecond = 1024 * 1024;
    public const long BurstBytes = 8 * 1024 * 1024;
    private long _tokens = BurstBytes;
    private long _refilled = time.GetTimestamp();

    public long DroppedBytes { get; private set; }

    public long DroppedLines { get; private set; }

    public bool TryTake(int bytes)
    {
        // Every line costs at least what its record adds, or a flood of empty lines would be free.
        var cost = bytes + 64;
        if (_tokens < cost)
            Refill();
        if (_tokens < cost)
        {
            DroppedBytes += bytes;
            DroppedLines++;
            return false;
        }
        _tokens -= cost;
        return true;
    }

    /// <returns>What was dropped since the last call.</returns>
    public (long Lines, long Bytes) TakeDropped()
    {
        var dropped = (DroppedLines, DroppedBytes);
        DroppedLines = DroppedBytes = 0;
        return dropped;
    }

    private void Refill()
    {
        var now = time.GetTimestamp();
        var earned = (long)(time.GetElapsedTime(_refilled, now).TotalSeconds * BytesPerSecond);
        if (earned <= 0)
            return;
        _tokens = Math.Min(BurstBytes, _tokens + earned);
        _refilled = now;
    }
}
