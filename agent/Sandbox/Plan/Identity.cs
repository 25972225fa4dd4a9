namespace Hearth.Sandbox.Plan;

/// <summary>
/// Who is who. Numeric ids only, no account is made: they lie above the range that systemd gives to containers (0x80000-0x6FFFFFFF) and below 2^31,
/// where some tools stop.
/// </summary>
public static class Identity
{
    /// <summary>User and group of hearth-agent.</summary>
    public const uint Agent = 2_000_000_001;

    /// <summary>User and group of hearth-control-plane.</summary>
    public const uint ControlPlane = 2_000_000_002;

    /// <summary>Owner of every sandbox's user namespace, so that a zygote of this user may join it without any capability on the host.</summary>
    public const uint Zygote = 2_000_000_003;

    /// <summary>The handler's user and group inside the sandbox (the account that AWS shows as sbx_user1051).</summary>
    public const uint Handler = 993;

    private const uint FirstSandbox = 2_000_010_000;

    /// <summary>How many nodes of one machine can have users of their own.</summary>
    public const int UserRanges = 1024;

    /// <summary>Most sandboxes that one spawner holds.</summary>
    public const int MaxSandboxes = 4096;

    /// <summary>The host's id of uid and gid 0 inside the sandbox of a slot.</summary>
    /// <param name="range">The node's own, 0 to <see cref="UserRanges"/> - 1.</param>
    public static uint RootOf(int range, int slot) => FirstSandbox + (2 * (uint)((range * MaxSandboxes) + slot));

    /// <summary>The host's id of <see cref="Handler"/> inside the sandbox of a slot.</summary>
    public static uint HandlerOf(int range, int slot) => RootOf(range, slot) + 1;
}
