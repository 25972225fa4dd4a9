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
        SeccompRule.Refuse("mount", 165, 40, "mounts"),
        SeccompRule.Refuse("umount2", 166, 39, "mounts: would lay bare what one hides"),
        SeccompRule.Refuse("open_tree", 428, 428, "mounts"),
        SeccompRule.Refuse("move_mount", 429, 429, "mounts"),
        SeccompRule.Refuse("fsopen", 430, 430, "mounts"),
        SeccompRule.Refuse("fsconfig", 431, 431, "mounts"),
        SeccompRule.Refuse("fsmount", 432, 432, "mounts"),
        SeccompRule.Refuse("mount_setattr", 442, 442, "mounts: would lift read-only"),
        SeccompRule.Refuse("pivot_root", 155, 41, "another root"),
        SeccompRule.Refuse("chroot", 161, 51, "another root"),
    ];
}
