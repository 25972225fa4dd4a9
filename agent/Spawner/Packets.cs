using Hearth.Sandbox.Linux;
using Tmds.Linux;

namespace Hearth.Spawner;

/// <summary>One packet with descriptors over a SOCK_SEQPACKET socket. Allocates nothing.</summary>
internal static unsafe class Packets
{
    private const int MsgNosignal = 0x4000, MsgDontwait = 0x40, MsgTrunc = 0x20, MsgCmsgCloexec = 0x40000000;
    private const int MaxDescriptors = 16;

    /// <summary>Never waits: a receiver that does not read is an error (EAGAIN), not a stall of the spawner.</summary>
    public static int Send(int socket, void* first, int firstLength, void* second, int secondLength, ReadOnlySpan<int> descriptors)
    {
        var parts = stackalloc iovec[2];
        parts[0] = new iovec { iov_base = first, iov_len = firstLength };
        parts[1] = new iovec { iov_base = second, iov_len = secondLength };
        var ancillary = stackalloc byte[16 + (MaxDescriptors * 4)];
        var message = new msghdr { msg_iov = parts, msg_iovlen = second == null ? 1 : 2 };
        if (descriptors.Length > 0)
        {
            // struct cmsghdr: length, SOL_SOCKET, SCM_RIGHTS, then the descriptors.
            *(long*)ancillary = 16 + (descriptors.Length * 4);
            *(int*)(ancillary + 8) = 1;
            *(int*)(ancillary + 12) = 1;
            descriptors.CopyTo(new Span<int>(ancillary + 16, descriptors.Length));
            message.msg_control = ancillary;
            message.msg_controllen = (16 + (descriptors.Length * 4) + 7) & ~7;
        }

        return Kernel.Sendmsg(socket, &message, MsgNosignal | MsgDontwait);
    }

    /// <summary>
    /// From Linux 6.16 the kernel refuses to queue descriptors for this socket (SO_PASSRIGHTS 0), so that a sender cannot keep files open in a queue that is not
    /// read. Before, they lie there until <see cref="Receive"/> closes them; the kernel limits their number by user, and one that lingers in its close holds the spawner up as long.
    /// </summary>
    public static void RefuseDescriptors(int socket)
    {
        var off = 0;
        LibC.setsockopt(socket, 1 /* SOL_SOCKET */, 83 /* SO_PASSRIGHTS */, &off, sizeof(int));
    }

    /// <summary>Descriptors that come along are closed: nobody sends any to the spawner in good faith.</summary>
    /// <returns>The packet's length; 0 at the end; negative errno; -EMSGSIZE when it did not fit.</returns>
    public static int Receive(int socket, void* buffer, int length)
    {
        var part = new iovec { iov_base = buffer, iov_len = length };
        var ancillary = stackalloc byte[16 + (MaxDescriptors * 4)];
        var message = new msghdr { msg_iov = &part, msg_iovlen = 1, msg_control = ancillary, msg_controllen = 16 + (MaxDescriptors * 4) };
        var received = Kernel.Recvmsg(socket, &message, MsgDontwait | MsgCmsgCloexec);
        if (received < 0)
            return received;
        if ((ulong)message.msg_controllen >= 16 && *(int*)(ancillary + 12) == 1)
        {
            var count = ((int)*(long*)ancillary - 16) / 4;
            for (var i = 0; i < count && i < MaxDescriptors; i++)
                Kernel.Close(((int*)(ancillary + 16))[i]);
        }

        return (message.msg_flags & MsgTrunc) != 0 ? -Errno.EMSGSIZE : received;
    }
}
