namespace Hearth.Sandbox.Linux;

/// <summary>A kernel call failed: which call, on what, and why ("mount_setattr /var/lib/hearth/root: EINVAL (Invalid argument)").</summary>
public sealed class LinuxException(string call, string target, int errno)
    : Exception($"{call} {target}: {Errno.Describe(errno)}")
{
    public string Call { get; } = call;

    public string Target { get; } = target;

    /// <summary>The positive errno value.</summary>
    public int Number { get; } = errno;

    /// <summary>Passes a result of <see cref="Kernel"/> on, or throws when it is a negative errno.</summary>
    public static int Check(int result, string call, string target) =>
        result >= 0 ? result : throw new LinuxException(call, target, -result);
}
