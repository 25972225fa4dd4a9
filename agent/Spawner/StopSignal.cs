using System.Runtime.InteropServices;
using Hearth.Sandbox.Linux;

namespace Hearth.Spawner;

/// <summary>
/// SIGTERM as a readable descriptor, without a thread or a managed handler (both would break forking): the write end of a pipe sits at descriptor 15 and the
/// signal's handler is libc's close, called with the signal's number - which is 15. SIGINT is ignored: at a terminal it reaches the whole group, and
/// `hearth up` decides what it means.
/// </summary>
internal static unsafe class StopSignal
{
    public static int Install()
    {
        var pipe = stackalloc int[2];
        LinuxException.Check(Kernel.Pipe2(pipe, O.Cloexec), "pipe2", "");
        var read = LinuxException.Check(Kernel.Fcntl(pipe[0], 1030 /* F_DUPFD_CLOEXEC */, 32), "fcntl", "F_DUPFD_CLOEXEC");
        LinuxException.Check(Kernel.Dup2(pipe[1], Sig.Term), "dup2", "15");
        Kernel.Fcntl(Sig.Term, 2 /* F_SETFD */, 1 /* FD_CLOEXEC */);
        if (pipe[1] != Sig.Term)
            Kernel.Close(pipe[1]);
        if (pipe[0] != read)
            Kernel.Close(pipe[0]);

        var close = NativeLibrary.GetExport(NativeLibrary.Load("libc.so.6"), "close");
        var action = new Tmds.Linux.sigaction { sa_handler = (void*)close };
        if (Tmds.Linux.LibC.sigaction(Sig.Term, &action, null) < 0)
            throw new LinuxException("sigaction", "SIGTERM", Tmds.Linux.LibC.errno);
        Kernel.SetSignalAction(Sig.Int, 1 /* SIG_IGN */);
        return read;
    }
}
