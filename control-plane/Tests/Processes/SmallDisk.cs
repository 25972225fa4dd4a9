using System.Diagnostics;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Processes;

/// <summary>An ext4 file system of a few MiB that only the server sees: it is mounted in a mount namespace of the server's own, and goes with it.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly TempFolder _folder = new();

    public SmallDisk(int mebibytes)
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "needs root: it mounts a file system");
        Assert.SkipUnless(File.Exists("/usr/sbin/mkfs.ext4"), "needs mkfs.ext4 (Debian: apt install e2fsprogs)");
        Directory.CreateDirectory(MountPoint);
        using (FileStream image = File.Create(Image))
            image.SetLength((long)mebibytes << 20);
        using Process mkfs = Process.Start(new ProcessStartInfo("/usr/sbin/mkfs.ext4", ["-q", "-m", "0", Image]) { RedirectStandardError = true })!;
        string error = mkfs.StandardError.ReadToEnd();
        mkfs.WaitForExit();
        Assert.True(mkfs.ExitCode == 0, error);
    }

    private string Image => Path.Join(_folder.Path, "image");

    private string MountPoint => Path.Join(_folder.Path, "disk");

    /// <summary>A server whose data directory is this disk.</summary>
    public ServerProcess Start(params string[] options)
    {
        UntilReleased();
        return new ServerProcess(
            ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", "mount -o loop \"$0\" \"$1\" && shift && exec \"$@\"", Image, MountPoint],
            ["--data", MountPoint, .. options]);
    }

    /// <summary>The data directory as this process can reach it.</summary>
    public string DataOf(ServerProcess server) => $"/proc/{server.Id}/root{MountPoint}";

    /// <summary>Until not a block is free; deleting the file that is returned makes room again.</summary>
    public string Fill(ServerProcess server)
    {
        string path = Path.Join(DataOf(server), "filler");
        byte[] block = new byte[4_096];
        try
        {
            using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
            while (true)
                file.Write(block);
        }
        catch (IOException)
        {
            return path;
        }
    }

    public void Dispose()
    {
        UntilReleased();
        _folder.Dispose();
    }

    // A dead process's mounts go a moment after it.
    private void UntilReleased()
    {
        for (int i = 0; i < 6_000 && IsAttached(); i++)
            Thread.Sleep(10);
        Assert.False(IsAttached(), $"a loop device still has {Image}");
    }

    private bool IsAttached()
    {
        foreach (string device in Directory.EnumerateDirectories("/sys/block", "loop*"))
        {
            try
            {
                if (File.ReadAllText(Path.Join(device, "loop", "backing_file")).Trim() == Image)
                    return true;
            }
            catch (IOException)
            {
                // It has none.
            }
        }

        return false;
    }
}
