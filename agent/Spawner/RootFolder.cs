using System.Text;
using Hearth.Sandbox.Linux;
using Tmds.Linux;

namespace Hearth.Spawner;

/// <summary>
/// A folder that only root can change, held open and checked once. Below it names mean what the spawner put there; a folder that somebody else may write to is
/// refused, since they could put a link in the place of what root is about to open, chown or remove.
/// </summary>
internal sealed unsafe class RootFolder
{
    /// <param name="path">For messages.</param>
    /// <param name="fd">Of this folder; belongs to the new object.</param>
    /// <exception cref="LinuxException">Others than root may write to it.</exception>
    public RootFolder(string path, int fd)
    {
        Path = path;
        Fd = fd;
        stat found;
        if (LibC.fstat(fd, &found) < 0)
            throw new LinuxException("fstat", path, LibC.errno);
        if ((uint)found.st_uid != 0 || ((uint)found.st_mode & 0x12 /* 022 */) != 0)
            throw new LinuxException("check", $"{path} (others than root may change it; `hearth up` puts owner and mode right: root, 0755)", Errno.EPERM);
    }

    public string Path { get; }

    public int Fd { get; }

    /// <param name="path">Absolute; the way to it is the administrator's.</param>
    public static RootFolder Open(string path) => new(path, LinuxException.Check(OpenAt(Kernel.AtFdcwd, path), "open", path));

    /// <summary>A folder below that root alone may change too.</summary>
    public RootFolder Below(string name) => new($"{Path}/{name}", LinuxException.Check(TryBelow(name), "openat2", $"{Path}/{name}"));

    /// <summary>A folder below, whoever owns it: without a link, ".." or another file system on the way. O_PATH descriptor or negative errno.</summary>
    public int TryBelow(string name)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(name + "\0"))
            return Kernel.OpenBeneath(Fd, text, O.Path | O.Directory | O.NoFollow | O.Cloexec);
    }

    private static int OpenAt(int directory, string path)
    {
        fixed (byte* text = Encoding.UTF8.GetBytes(path + "\0"))
            return Kernel.Openat(directory, text, O.Path | O.Directory | O.Cloexec, 0);
    }
}
