namespace Hearth.Sandbox.Linux;

/// <summary>RLIMIT_NOFILE of a process that holds a dozen descriptors for each sandbox. A login shell gives 1,024, and NativeAOT does not raise it by itself.</summary>
[NotNative("numbers of ours")]
public static unsafe class DescriptorLimit
{
    /// <summary>What the systemd units set, too.</summary>
    public const ulong Wanted = 524_288;

    /// <summary>Below it a machine's sandboxes may run out of descriptors before they run out of memory.</summary>
    public const ulong Enough = 65_536;

    /// <summary>Raises the soft limit to the hard one, and this to <see cref="Wanted"/> where that is allowed (CAP_SYS_RESOURCE).</summary>
    /// <returns>What holds now.</returns>
    public static ulong Raise()
    {
        var limit = stackalloc ulong[2];
        if (Kernel.GetRlimit(Rlimit.Nofile, limit) < 0)
            return 0;
        if (limit[1] < Wanted && Kernel.SetRlimit(Rlimit.Nofile, Wanted, Wanted) >= 0)
            return Wanted;
        return Kernel.SetRlimit(Rlimit.Nofile, limit[1], limit[1]) >= 0 ? limit[1] : limit[0];
    }
}
