namespace Hearth.Sandbox.Seccomp;

/// <summary>What no tenant's process may do: a user namespace of its own would give it every capability inside, and with it most of the kernel's attack surface.</summary>
internal static class ClosingRules
{
    public static readonly SeccompRule[] Rules =
    [
        SeccompRule.Check("clone", 56, 220, SeccompCases.CloneWithoutNamespaces, "threads and fork, no namespaces"),
        SeccompRule.Missing("seccomp", 317, 277, "programs in the kernel, whose memory is everybody's; ENOSYS as from a kernel without it, which libraries expect"),
        SeccompRule.Refuse("unshare", 272, 97, "namespaces"),
        SeccompRule.Refuse("setns", 308, 268, "namespaces"),
        SeccompRule.Refuse("move_mount", 429, 429, "mounts"),
    ];
}
