using System.Text;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Protocol;
using Tmds.Linux;

namespace Hearth.Spawner;

/// <summary>The named socket and the one agent on it. Only the agent's user may speak: the file's mode says so and SO_PEERCRED is asked again.</summary>
internal sealed unsafe class AgentSocket
{
    private const int SendBufferBytes = 4 << 20;
    private readonly uint _agentUser;
    private readonly RootFolder _folder;

    /// <param name="folder">run/, where nobody but root can put another file in the socket's place.</param>
    public AgentSocket(RootFolder folder, uint agentUser)
    {
        _agentUser = agentUser;
        _folder = folder;
        var path = $"{folder.Path}/spawner.sock";
        Remove();
        ListenFd = LinuxException.Check(Kernel.Socket(1 /* AF_UNIX */, 5 /* SOCK_SEQPACKET */ | O.Cloexec | O.Nonblock), "socket", path);
        var address = stackalloc byte[110];
        var text = new Span<byte>(address, 110);
        text.Clear();
        *(ushort*)address = 1;
        if (Encoding.UTF8.GetByteCount(path) > 107)
            throw new LinuxException("bind", $"{path} (a socket's path holds at most 107 bytes; choose a shorter data directory)", Errno.ENAMETOOLONG);
        Encoding.UTF8.GetBytes(path, text[2..]);

        // No moment in which another user could connect.
        var mask = Kernel.Umask(0x3F /* 077 */);
        var bound = LibC.bind(ListenFd, (sockaddr*)address, 110);
        Kernel.Umask(mask);
        if (bound < 0)
            throw new LinuxException("bind", path, LibC.errno);
        fixed (byte* name = "spawner.sock\0"u8)
        {
            if (LibC.fchownat(folder.Fd, name, agentUser, agentUser, 0x100 /* AT_SYMLINK_NOFOLLOW */) < 0)
                throw new LinuxException("fchownat", path, LibC.errno);
        }

        // Before anyone can connect: what a peer sends between its connect and our accept is subject to the listener's setting.
        Packets.RefuseDescriptors(ListenFd);
        if (LibC.listen(ListenFd, 4) < 0)
            throw new LinuxException("listen", path, LibC.errno);
    }

    public int ListenFd { get; }

    /// <summary>-1 when no agent is connected.</summary>
    public int Fd { get; private set; } = -1;

    /// <summary>True when a new agent is connected now. While one is, others are turned away.</summary>
    public bool Accept()
    {
        var fd = LibC.accept4(ListenFd, null, null, O.Cloexec | O.Nonblock);
        if (fd < 0)
            return false;

        // struct ucred: pid, uid, gid.
        var credentials = stackalloc uint[3];
        socklen_t length = 12;
        if (Fd >= 0 || LibC.getsockopt(fd, 1 /* SOL_SOCKET */, 17 /* SO_PEERCRED */, credentials, &length) < 0 || (credentials[1] != _agentUser && credentials[1] != 0))
        {
            Kernel.Close(fd);
            return false;
        }

        Packets.RefuseDescriptors(fd);
        // Room for the ends of all sandboxes at once: an agent for which there is none counts as one that does not read. Root may exceed the machine's wmem_max.
        var room = SendBufferBytes;
        LibC.setsockopt(fd, 1 /* SOL_SOCKET */, 32 /* SO_SNDBUFFORCE */, &room, sizeof(int));
        Fd = fd;
        return true;
    }

    /// <summary>Takes the name away; the socket stays open.</summary>
    public void Remove()
    {
        fixed (byte* name = "spawner.sock\0"u8)
            LibC.unlinkat(_folder.Fd, name, 0);
    }

    public int Receive(void* buffer, int length) => Packets.Receive(Fd, buffer, length);

    public bool Send(Answer* answer, ReadOnlySpan<int> descriptors) => Packets.Send(Fd, answer, sizeof(Answer), null, 0, descriptors) >= 0;

    public void Drop()
    {
        Kernel.Close(Fd);
        Fd = -1;
    }
}
