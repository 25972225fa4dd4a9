using Hearth.Cli.Errors;
using Hearth.Cli.Node;
using Hearth.Cli.Output;

namespace Hearth.Cli.Doctor;

/// <summary>The data directory, and what /tmp of a sandbox is made of: its own sparse ext4 image on a loop device.</summary>
internal static class StorageChecks
{
    private const string Area = "storage";
    private static readonly string[] Idmappable = ["ext4", "xfs", "btrfs", "f2fs", "overlay", "erofs", "vfat", "bcachefs", "ext2", "ext3"];

    public static IEnumerable<Finding> All(string data)
    {
        yield return Place(data);
        var existing = data;
        while (!Directory.Exists(existing)) existing = Path.GetDirectoryName(existing) ?? "/";
        if (Mounts.Of(existing, Mounts.Read()) is { } mount) yield return Idmapped(mount);
        var free = new DriveInfo(existing).AvailableFreeSpace;
        yield return Finding.Of(Area, "free space", free > 2L << 30, Verdict.Limited, Units.Bytes(free), "code, logs and /tmp of all functions live there", "free some, or choose another --data");
        yield return TmpImages();
    }

    private static Finding Place(string data)
    {
        try
        {
            FileSystemCheck.Require(data);
            return new Finding(Area, "data directory", Verdict.Ok, data);
        }
        catch (CliException refused)
        {
            return new Finding(Area, "data directory", Verdict.Missing, data, refused.Message, "choose another with --data");
        }
    }

    private static Finding Idmapped(Mount mount)
    {
        var works = Array.IndexOf(Idmappable, mount.FileSystem) >= 0 || (mount.FileSystem == "tmpfs" && ProcFiles.Kernel() >= new Version(6, 3));
        return Finding.Of(Area, "idmapped mounts", works, Verdict.Limited, $"{mount.FileSystem} at {mount.Point}", "functions may see their code as owned by nobody", "put the data directory on ext4, xfs or btrfs");
    }

    private static Finding TmpImages()
    {
        var absent = new List<string>();
        if (!File.Exists("/dev/loop-control")) absent.Add("/dev/loop-control");
        if (!KernelChecks.HasFileSystem("ext4")) absent.Add("ext4");
        if (PackageChecks.Find("mkfs.ext4") is null) absent.Add("mkfs.ext4");
        return Finding.Of(Area, "/tmp on disk", absent.Count == 0, Verdict.Limited, absent.Count == 0 ? "loop device, ext4, mkfs.ext4" : "without " + string.Join(", ", absent),
            "/tmp of functions is a tmpfs: same size and ENOSPC, but what they write there counts as their memory (with 128 MB, 100 MB in /tmp end in an out-of-memory kill) and leaves less of this machine's", "modprobe loop; apt-get install e2fsprogs");
    }
}
