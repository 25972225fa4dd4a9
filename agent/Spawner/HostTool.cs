using Hearth.Sandbox.Linux;

namespace Hearth.Spawner;

/// <summary>Runs one of the host's own programs to its end: only mkfs.ext4, once for each size of /tmp.</summary>
internal static unsafe class HostTool
{
    /// <returns>0, or a positive errno: ENOENT when the program is not there, EIO when it failed.</returns>
    public static int Run(string[] arguments)
    {
        var argv = stackalloc byte*[arguments.Length + 1];
        for (var i = 0; i < arguments.Length; i++)
            argv[i] = InitBlock.Text(arguments[i]);
        argv[arguments.Length] = null;
        var envp = stackalloc byte*[2];
        envp[0] = InitBlock.Text("PATH=/usr/sbin:/usr/bin:/sbin:/bin");
        envp[1] = null;
        int nothing;
        fixed (byte* path = "/dev/null\0"u8)
            nothing = Kernel.Openat(Kernel.AtFdcwd, path, O.ReadWrite | O.Cloexec, 0);
        var pid = Kernel.Fork();
        if (pid == 0)
            Init.ExecTool(argv, envp, nothing);
        Kernel.Close(nothing);
        if (pid < 0)
            return -pid;
        int status;
        var waited = Kernel.Wait4(pid, &status, 0);
        if (waited < 0)
            return -waited;
        return status == 0 ? 0 : (status >> 8) == 127 ? Errno.ENOENT : Errno.EIO;
    }
}
