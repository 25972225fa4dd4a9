namespace Hearth.Sandbox.Seccomp;

/// <summary>Needed until the closing filter: PID 1 and the zygote's child set up a sandbox under the base filter.</summary>
internal static class BaseSetUp
{
    public static readonly SeccompRule[] Rules =
    [
        SeccompRule.Allow("mount", 165, 40, "set-up; the closing filter takes it away"),
        SeccompRule.Allow("umount2", 166, 39, "set-up; the closing filter takes it away"),
        SeccompRule.Allow("open_tree", 428, 428, "set-up; the closing filter takes it away"),
        SeccompRule.Allow("move_mount", 429, 429, "set-up; the closing filter takes it away"),
        SeccompRule.Allow("mount_setattr", 442, 442, "set-up; the closing filter takes it away"),
        SeccompRule.Allow("fsopen", 430, 430, "set-up; the closing filter takes it away"),
        SeccompRule.Allow("fsconfig", 431, 431, "set-up; the closing filter takes it away"),
        SeccompRule.Allow("fsmount", 432, 432, "set-up; the closing filter takes it away"),
        SeccompRule.Allow("pivot_root", 155, 41, "set-up; the closing filter takes it away"),
        SeccompRule.Allow("chroot", 161, 51, "set-up; the closing filter takes it away"),
        SeccompRule.Allow("setns", 308, 268, "set-up: a zygote's child joins a shell; the closing filter takes it away"),
        SeccompRule.Allow("unshare", 272, 97, "set-up; the closing filter takes it away"),
        SeccompRule.Allow("sethostname", 170, 161, "set-up; needs a capability afterwards"),
        SeccompRule.Allow("setdomainname", 171, 162, "set-up; needs a capability afterwards"),
    ];
}
