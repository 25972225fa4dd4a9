using Hearth.Sandbox.Linux;

namespace Hearth.Sandbox.Seccomp;

/// <summary>A table of system calls, and what happens to those that are not in it.</summary>
/// <param name="ChecksArchitecture">Calls of another architecture, and on x86_64 of the x32 ABI, kill the process.</param>
public sealed record SeccompPolicy(string Name, SeccompAction Default, bool ChecksArchitecture, IReadOnlyList<SeccompRule> Rules)
{
    /// <summary>
    /// Installed once by the process that sets a sandbox up (its PID 1) and inherited by all that it starts. What is not known answers ENOSYS,
    /// so that libraries use what they used before it existed.
    /// </summary>
    public static SeccompPolicy Base { get; } = new(
        "base",
        SeccompAction.Errno(Errno.ENOSYS),
        ChecksArchitecture: true,
        [
            .. BaseFiles.Rules, .. BaseDescriptors.Rules, .. BaseMemory.Rules, .. BaseProcesses.Rules, .. BaseTime.Rules, .. BaseNetwork.Rules, .. BaseSetUp.Rules,
            .. BaseRefused.Rules,
        ]);

    /// <summary>
    /// The last step before exec: takes away what only set-up needed. Small, because every start pays for it, and so without a look at the
    /// architecture: <see cref="Base"/> is below it and kills those calls first.
    /// </summary>
    public static SeccompPolicy Closing { get; } = new("closing", SeccompAction.Allow, ChecksArchitecture: false, ClosingRules.Rules);
}
