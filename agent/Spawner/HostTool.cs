using System.Runtime.InteropServices;
using Hearth.Sandbox.Linux;
using Tmds.Linux;

namespace Hearth.Spawner;

/// <summary>Runs one of the host's own programs to its end: only mkfs.ext4, once for each size of /tmp.</summary>
internal static unsafe class HostTool
{
    // It holds the spawner's one thread, which the agent gives up after 15 s without an answer. It takes some ms.
    private const int LimitMillis = 5_000;

    private static readonly byte** s_environment = Vector(["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]);

    /// <summary>What execve takes, in unmanaged memory for the life of the process.</summary>
    public static byte** Vector(string[] texts)
    {
        var vector = (byte**)NativeMemory.AllocZeroed((nuint)texts.Length + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < texts.Length; i++)
            vector[i] = InitBlock.Text(texts[i]);
        return vector;
    }

    /// <param name="arguments">See <see cref="Vector"/>.</param>
    /// <param name="file">The program finds it at /proc/self/fd/3.</param>
    /// <returns>0, or a positive errno: ENOENT when the program is not there, EIO when it failed, ETIMEDOUT when it did not end (a disk that does not answer).</returns>
    public static int Run(byte** arguments, int file)
    {
        int nothing;
        fixed (byte* path = "/dev/null\0"u8)
            nothing = Kernel.Openat(Kernel.AtFdcwd, path, O.ReadWrite | O.Cloexec, 0);
        var pidfd = -1;
        var clone = new CloneArgs { Flags = CloneFlags.Pidfd, Pidfd = (ulong)(nint)(&pidfd), ExitSignal = Sig.Chld };
        var pid = Kernel.Clone3(&clone);
        if (pid == 0)
            Init.ExecTool(arguments, s_environment, nothing, file);
        Kernel.Close(nothing);
        if (pid < 0)
            return -pid;
        var ended = new pollfd { fd = pidfd, events = 1 /* POLLIN */ };
        var count = Kernel.Poll(&ended, 1, LimitMillis);
        Kernel.Close(pidfd);
        if (count <= 0)
        {
            // Not waited for: while it waits for the disk it cannot be killed. What is left of it goes with the spawner.
            Kernel.Kill(pid, Sig.Kill);
            return Errno.ETIMEDOUT;
        }

        int status;
        var waited = Kernel.Wait4(pid, &status, 0);
        if (waited < 0)
            return -waited;
        return status == 0 ? 0 : (status >> 8) == 127 ? Errno.ENOENT : Errno.EIO;
    }
}
