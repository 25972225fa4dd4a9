using Hearth.Cli.Errors;
using Mono.Unix.Native;

namespace Hearth.Cli.Node;

/// <summary>What <c>--root DIR</c> names: a tree from rootfs/build-image.sh whose /usr and /etc sandboxes see instead of this machine's.</summary>
internal static class RootImage
{
    private const string List = "etc/hearth-runtimes";

    /// <returns>Its absolute path.</returns>
    /// <exception cref="CliException">It is no such tree, or others may write to it.</exception>
    public static string Require(string folder)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (!Directory.Exists(path)) throw CliException.Usage($"--root {path}", "is not a folder", $"build one: sudo rootfs/build-image.sh python {path}");
        foreach (var part in (string[])["", "usr", "etc"])
        {
            var each = Path.Combine(path, part);
            if (Syscall.stat(each, out var found) != 0) throw CliException.Usage($"--root {path}", $"has no {part}", $"build one: sudo rootfs/build-image.sh python FOLDER");
            // Whoever may write there runs code in everybody's functions.
            if (found.st_uid != Accounts.Root || (found.st_mode & (FilePermissions.S_IWGRP | FilePermissions.S_IWOTH)) != 0)
                throw CliException.Usage($"--root {path}", $"{each} can be written by others than root", $"chown root:root {each} && chmod go-w {each}");
        }
        // A sandbox gets /usr and links into it.
        if (new FileInfo(Path.Combine(path, "bin")).LinkTarget is null)
            throw CliException.Usage($"--root {path}", "has a /bin that is no link into /usr", "build it with rootfs/build-image.sh, or merge it (Debian: usrmerge)");
        if (!File.Exists(Path.Combine(path, List)))
            throw CliException.Usage($"--root {path}", $"has no {List}, the list of its runtimes (a line each: language version path)", "build it with rootfs/build-image.sh, or write that file");
        return path;
    }
}
