using Hearth.Cli.Errors;
using Hearth.Cli.Node;
using Xunit;

namespace Hearth.Cli.Tests;

public sealed class FileSystemCheckTests
{
    [Fact]
    public void A_place_that_is_mounted_without_exec_is_refused_with_the_mount()
    {
        var forbidden = Mounts.Read().FirstOrDefault(mount => (mount.Options.Contains("noexec") || mount.Options.Contains("nosuid")) && Directory.Exists(mount.Point));
        if (forbidden is null) Assert.Skip("needs a mount with noexec or nosuid, such as /proc");
        var refused = Assert.Throws<CliException>(() => FileSystemCheck.Require(Path.Combine(forbidden.Point, "hearth")));
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains($"lies on {forbidden.Point}", refused.Line);
    }

    [Fact]
    public void A_folder_that_others_cannot_pass_is_refused()
    {
        using var folder = new TemporaryFolder();
        File.SetUnixFileMode(folder.Path, (UnixFileMode)Convert.ToInt32("700", 8));
        Assert.ThrowsAny<CliException>(() => FileSystemCheck.Require(Path.Combine(folder.Path, "data")));
    }

    [Fact]
    public void The_longest_and_latest_mount_above_a_path_holds_it()
    {
        Mount Of(string point, string type) => new(point, type, "none", new HashSet<string>(), new HashSet<string>());
        Mount[] mounts = [Of("/", "ext4"), Of("/var", "xfs"), Of("/var/lib", "tmpfs"), Of("/var/lib", "btrfs"), Of("/var/libx", "nfs")];
        Assert.Equal("btrfs", Mounts.Of("/var/lib/hearth", mounts)!.FileSystem);
        Assert.Equal("xfs", Mounts.Of("/var/log", mounts)!.FileSystem);
        Assert.Equal("ext4", Mounts.Of("/varlib", mounts)!.FileSystem);
    }
}
