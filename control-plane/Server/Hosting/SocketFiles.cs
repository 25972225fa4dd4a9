using System.Text;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.ControlPlane.Hosting;

/// <summary>Gives a listening socket to the group of its folder, mode 0660: the agent, which runs as another user, connects through that group.</summary>
internal static class SocketFiles
{
    public static unsafe void Share(string socketPath)
    {
        byte[] folder = Encoding.UTF8.GetBytes(Path.GetDirectoryName(socketPath) + '\0');
        byte[] socket = Encoding.UTF8.GetBytes(socketPath + '\0');
        fixed (byte* folderName = folder)
        fixed (byte* socketName = socket)
        {
            stat info;
            if (stat(folderName, &info) < 0)
                throw new StartException($"stat {Path.GetDirectoryName(socketPath)}: errno {errno}");
            if (chown(socketName, (uid_t)geteuid(), info.st_gid) < 0)
                throw new StartException($"chown {socketPath} to group {info.st_gid}: errno {errno}; the control plane must be a member of its folder's group");
            if (chmod(socketName, 0x1B0) < 0)
                throw new StartException($"chmod 0660 {socketPath}: errno {errno}");
        }
    }
}
