using static Tmds.Linux.LibC;

namespace Hearth.Cli.Doctor;

/// <summary>Asks the kernel whether it knows a call, by making it with arguments that cannot succeed.</summary>
internal static class SystemCalls
{
    // One number on every architecture: these came after the tables were unified.
    public const int OpenTree = 428;
    public const int MoveMount = 429;
    public const int PidfdOpen = 434;
    public const int Clone3 = 435;
    public const int CloseRange = 436;
    public const int OpenAt2 = 437;
    public const int MountSetattr = 442;

    /// <param name="Known">The kernel has the call.</param>
    /// <param name="Filtered">EPERM for arguments that must give another error: a container's seccomp filter answers, not the kernel.</param>
    public readonly record struct Answer(bool Known, bool Filtered);

    public static Answer Probe(int number)
    {
        // Null pointers, descriptor -1, size 0: EFAULT, EBADF or EINVAL from a kernel that knows the call.
        var result = (long)syscall(number, -1, 0, -1, 0, 0, 0);
        var error = result < 0 ? errno : 0;
        return new Answer(error != ENOSYS, error == EPERM && !Environment.IsPrivilegedProcess);
    }

    /// <summary>clone3 with a null argument and size 0: EINVAL or EFAULT, never a child.</summary>
    public static bool HasClone3() => (long)syscall(Clone3, 0, 0, 0, 0, 0, 0) < 0 && errno != ENOSYS;
}
