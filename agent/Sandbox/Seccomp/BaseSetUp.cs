namespace Hearth.Sandbox.Seccomp;

/// <summary>
/// What PID 1 and a zygote's child still need under the base filter; the closing filter takes it from tenants. The mounts of the root are made before the base filter,
/// so even init, were it taken over, could not change them.
/// </summary>
internal static class BaseSetUp
{
    public static readonly SeccompRule[] Rules =
    [
        SeccompRule.Allow("move_mount", 429, 429, "set-up: code and runtime client at Claim; the closing filter takes it away"),
        SeccompRule.Allow("setns", 308, 268, "set-up: a zygote's child joins a shell; the closing filter takes it away"),
        SeccompRule.Allow("unshare", 272, 97, "set-up: a new IPC namespace at a reset; the closing filter takes it away"),
        SeccompRule.Refuse("mount", 165, 40, "done before the filter"),
        SeccompRule.Refuse("umount2", 166, 39, "done before the filter"),
        SeccompRule.Refuse("open_tree", 428, 428, "the spawner's work"),
        SeccompRule.Refuse("mount_setattr", 442, 442, "the spawner's work"),
        SeccompRule.Refuse("fsopen", 430, 430, "the spawner's work"),
        SeccompRule.Refuse("fsconfig", 431, 431, "the spawner's work"),
        SeccompRule.Refuse("fsmount", 432, 432, "the spawner's work"),
        SeccompRule.Refuse("pivot_root", 155, 41, "done before the filter"),
        SeccompRule.Refuse("chroot", 161, 51, "nobody's work"),
        SeccompRule.Allow("sethostname", 170, 161, "needs a capability"),
        SeccompRule.Allow("setdomainname", 171, 162, "needs a capability"),
    ];
}
