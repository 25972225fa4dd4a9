using Hearth.Sandbox.Linux;

namespace Hearth.Sandbox.Seccomp;

/// <summary>What happens to one system call, and why.</summary>
/// <param name="X64">Its number on x86_64.</param>
/// <param name="Arm64">Its number on aarch64; <see cref="Absent"/> where it has none.</param>
/// <param name="Cases">Looked at in order; the first that holds decides, else <paramref name="Action"/>.</param>
/// <param name="Reason">Who needs it, or what it would give away.</param>
public sealed record SeccompRule(string Name, int X64, int Arm64, SeccompAction Action, IReadOnlyList<SeccompCase> Cases, string Reason)
{
    public const int Absent = -1;

    public static SeccompRule Allow(string name, int x64, int arm64, string reason) => new(name, x64, arm64, SeccompAction.Allow, [], reason);

    /// <summary>Decided by its arguments.</summary>
    public static SeccompRule Check(string name, int x64, int arm64, SeccompCondition condition, string reason) =>
        new(name, x64, arm64, condition.Otherwise, condition.Cases, reason);

    /// <summary>EPERM.</summary>
    public static SeccompRule Refuse(string name, int x64, int arm64, string reason) =>
        new(name, x64, arm64, SeccompAction.Errno(Errno.EPERM), [], reason);

    /// <summary>ENOSYS, as an older kernel would answer.</summary>
    public static SeccompRule Missing(string name, int x64, int arm64, string reason) =>
        new(name, x64, arm64, SeccompAction.Errno(Errno.ENOSYS), [], reason);

    /// <summary>Success, without being carried out.</summary>
    public static SeccompRule Done(string name, int x64, int arm64, string reason) => new(name, x64, arm64, SeccompAction.Errno(0), [], reason);

    public int Number(SeccompArchitecture architecture) => architecture == SeccompArchitecture.X64 ? X64 : Arm64;
}

public enum SeccompArchitecture
{
    X64,
    Arm64,
}
