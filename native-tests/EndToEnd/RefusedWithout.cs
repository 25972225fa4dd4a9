namespace Hearth.NativeTests.EndToEnd;

/// <summary>Runs a command on a machine that lacks some programs: in a mount namespace of its own, where an overlay hides them. The machine keeps them.</summary>
internal static class RefusedWithout
{
    // A tmpfs holds the overlay's upper layer, since an overlay cannot lie on another one; all of it goes with the namespace.
    private const string Script = """
        set -e
        mount -t tmpfs tmpfs /mnt
        mkdir /mnt/upper /mnt/work
        mount -t overlay -o lowerdir=/usr/bin,upperdir=/mnt/upper,workdir=/mnt/work overlay /usr/bin
        for program in $1; do rm -f "$program"; done
        umount -l /mnt
        shift
        exec "$@"
        """;

    /// <summary>What stands before the command.</summary>
    public static string[] Programs(params string[] paths) => ["/usr/bin/unshare", "--mount", "/bin/sh", "-c", Script, "sh", string.Join(' ', paths)];
}
