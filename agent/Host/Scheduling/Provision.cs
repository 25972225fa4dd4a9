namespace Hearth.Agent.Scheduling;

/// <summary>Instances of one version that are initialised ahead and kept: provisioned concurrency. Guarded by the scheduler's gate.</summary>
internal sealed class Provision
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(1);
    private TimeSpan _wait;
    private long _failedAt;

    /// <summary>How many; 0 = none are kept.</summary>
    public int Count { get; set; }

    /// <summary>The last try of a start ended without an initialised instance.</summary>
    public bool HasFailed { get; private set; }

    public void Failed(TimeProvider time)
    {
        HasFailed = true;
        _failedAt = time.GetTimestamp();
        _wait = _wait == TimeSpan.Zero ? TimeSpan.FromSeconds(1) : _wait * 2 < s_longest ? _wait * 2 : s_longest;
    }

    public void Succeeded()
    {
        HasFailed = false;
        _wait = TimeSpan.Zero;
    }

    /// <summary>After a failure not at once: code that cannot start would be started for ever.</summary>
    public bool MayStart(TimeProvider time) => _wait == TimeSpan.Zero || time.GetElapsedTime(_failedAt) >= _wait;
}
