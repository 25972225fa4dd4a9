using Tmds.Linux;

namespace Hearth.Sandbox.Linux;

/// <summary>
/// System calls as the kernel names them, without libc's additions: no allocation, no exception, result or negative errno. The set*id family is called raw on
/// purpose: libc's wrappers change every thread of the process and, in a forked child, wait for threads that no longer exist.
/// EINTR is retried here where a retry is right.
/// </summary>
[NativeConstants("fcntl.h", "sys/mount.h", Names =
    ["AtEmptyPath=AT_EMPTY_PATH", "AtRecursive=AT_RECURSIVE", "OpenTreeClone=OPEN_TREE_CLONE", "MoveMountFEmptyPath=MOVE_MOUNT_F_EMPTY_PATH", "AtFdcwd=AT_FDCWD"])]
public static unsafe partial class Kernel
{
    private const int AtEmptyPath = 0x1000;
    private const int AtRecursive = 0x8000;
    private const uint OpenTreeClone = 1;
    private const uint MoveMountFEmptyPath = 4;

    private static syscall_arg N(long value) => (void*)(nint)value;

    private static long Long(syscall_arg value)
    {
        ssize_t size = value;
        return (long)size;
    }

    private static int Result(syscall_arg value)
    {
        var result = Long(value);
        return result >= 0 ? (int)result : -LibC.errno;
    }

    /// <summary>Number of the call on this architecture.</summary>
    [NativeConstants("asm/unistd.h", Prefix = "__NR_", Case = NativeCase.LowerSnake)]
    private static class Nr
    {
        public const int Read = 0, Write = 1, Close = 3, Poll = 7, Lseek = 8, RtSigaction = 13, RtSigprocmask = 14, Ioctl = 16, Dup2 = 33, Socket = 41, Sendmsg = 46, Recvmsg = 47,
            Socketpair = 53, Clone = 56, Execve = 59, Wait4 = 61, Kill = 62, Fcntl = 72, Chdir = 80, Fchdir = 81, Mkdir = 83, Umask = 95, Setsid = 112, Setgroups = 116,
            Setresuid = 117, Setresgid = 119, Setfsuid = 122, Capget = 125, Capset = 126, PivotRoot = 155, Prctl = 157, Sethostname = 170, Mount = 165, Umount2 = 166, ExitGroup = 231,
            Waitid = 247, Openat = 257, Unshare = 272, Signalfd4 = 289, Pipe2 = 293, Prlimit64 = 302, Setns = 308, Seccomp = 317,
            CopyFileRange = 326, PidfdSendSignal = 424, PidfdOpen = 434, OpenTree = 428, MoveMount = 429, Fsopen = 430, Fsconfig = 431, Fsmount = 432, Clone3 = 435, CloseRange = 436, Openat2 = 437, MountSetattr = 442;
    }

    public static int Clone3(CloneArgs* args) => Result(LibC.syscall(Nr.Clone3, args, sizeof(CloneArgs)));

    /// <summary>fork(2): returns twice, without libc's handlers.</summary>
    public static int Fork() => Result(LibC.syscall(Nr.Clone, 17 /* SIGCHLD */, 0, 0, 0, 0));

    public static int Execve(byte* path, byte** argv, byte** envp) => Result(LibC.syscall(Nr.Execve, path, argv, envp));

    public static void ExitGroup(int status)
    {
        LibC.syscall(Nr.ExitGroup, status);
    }

    public static int Unshare(ulong flags) => Result(LibC.syscall(Nr.Unshare, N((long)flags)));

    public static int Wait4(int pid, int* status, int options)
    {
        int result;
        do
        {
            result = Result(LibC.syscall(Nr.Wait4, pid, status, options, 0));
        }
        while (result == -Errno.EINTR);
        return result;
    }

    /// <summary>A child of this process that has ended, whose status is left for <see cref="Wait4"/>.</summary>
    /// <param name="pid">The one that is asked for; 0: any.</param>
    /// <returns>Its pid, 0 when none has, -ECHILD when that is no child of this process.</returns>
    public static int FindEnded(int pid)
    {
        // struct siginfo: signal, errno, code, and from byte 16 the pid.
        var info = stackalloc int[32];
        info[4] = 0;
        var result = Result(LibC.syscall(Nr.Waitid, pid == 0 ? 0 /* P_ALL */ : 1 /* P_PID */, pid, info, 0x1000005 /* WEXITED, WNOHANG, WNOWAIT */, 0));
        return result < 0 ? result : info[4];
    }

    public static int PidfdOpen(int pid) => Result(LibC.syscall(Nr.PidfdOpen, pid, 0));

    public static int Kill(int pid, int signal) => Result(LibC.syscall(Nr.Kill, pid, signal));

    public static int Read(int fd, void* buffer, nuint length)
    {
        int result;
        do
        {
            result = Result(LibC.syscall(Nr.Read, fd, buffer, N((long)length)));
        }
        while (result == -Errno.EINTR);
        return result;
    }

    public static int Write(int fd, void* buffer, nuint length)
    {
        int result;
        do
        {
            result = Result(LibC.syscall(Nr.Write, fd, buffer, N((long)length)));
        }
        while (result == -Errno.EINTR);
        return result;
    }

    /// <summary>Negative fds are let pass, so that clean-up code needs no condition.</summary>
    public static void Close(int fd)
    {
        if (fd >= 0)
            LibC.syscall(Nr.Close, fd);
    }

    public static int CloseRange(uint first, uint last) => Result(LibC.syscall(Nr.CloseRange, N(first), N(last), 0));

    public static int Dup2(int fd, int target) => Result(LibC.syscall(Nr.Dup2, fd, target));

    public static int Fcntl(int fd, int command, int argument) => Result(LibC.syscall(Nr.Fcntl, fd, command, argument));

    public static int SetLock(int fd, FileLock* range) => Result(LibC.syscall(Nr.Fcntl, fd, FileLock.SetLock, range));

    public static int Pipe2(int* fds, int flags) => Result(LibC.syscall(Nr.Pipe2, fds, flags));

    public static int Socketpair(int type, int* fds) => Result(LibC.syscall(Nr.Socketpair, 1 /* AF_UNIX */, type, 0, fds));

    public static int Socket(int family, int type) => Result(LibC.syscall(Nr.Socket, family, type, 0));

    public static int Ioctl(int fd, uint request, void* argument) => Result(LibC.syscall(Nr.Ioctl, fd, N(request), argument));

    public static int Poll(pollfd* fds, int count, int timeoutMillis)
    {
        int result;
        do
        {
            result = Result(LibC.syscall(Nr.Poll, fds, count, timeoutMillis));
        }
        while (result == -Errno.EINTR);
        return result;
    }

    public static int Sendmsg(int fd, msghdr* message, int flags)
    {
        int result;
        do
        {
            result = Result(LibC.syscall(Nr.Sendmsg, fd, message, flags));
        }
        while (result == -Errno.EINTR);
        return result;
    }

    public static int Recvmsg(int fd, msghdr* message, int flags)
    {
        int result;
        do
        {
            result = Result(LibC.syscall(Nr.Recvmsg, fd, message, flags));
        }
        while (result == -Errno.EINTR);
        return result;
    }

    public static int Openat(int directory, byte* path, int flags, int mode) => Result(LibC.syscall(Nr.Openat, directory, path, flags, mode));

    /// <summary>Opens below <paramref name="directory"/> and refuses to leave it: no "..", no symlink, no other file system.</summary>
    public static int OpenBeneath(int directory, byte* path, ulong flags)
    {
        var how = new OpenHow { Flags = flags, Mode = 0, Resolve = OpenHow.ResolveBeneath | OpenHow.ResolveNoSymlinks | OpenHow.ResolveNoXdev };
        return Result(LibC.syscall(Nr.Openat2, directory, path, &how, sizeof(OpenHow)));
    }

    public static int CopyFileRange(int from, long* fromOffset, int to, long* toOffset, nuint length) =>
        Result(LibC.syscall(Nr.CopyFileRange, from, fromOffset, to, toOffset, N((long)length), 0));

    public static long Lseek(int fd, long offset, int whence)
    {
        var result = Long(LibC.syscall(Nr.Lseek, fd, N(offset), whence));
        return result >= 0 ? result : -LibC.errno;
    }

    public static int Chdir(byte* path) => Result(LibC.syscall(Nr.Chdir, path));

    public static int Mkdir(byte* path, int mode) => Result(LibC.syscall(Nr.Mkdir, path, mode));

    public static int Umask(int mask) => Result(LibC.syscall(Nr.Umask, mask));

    public static int Setsid() => Result(LibC.syscall(Nr.Setsid));

    public static int Setgroups(int count, uint* groups) => Result(LibC.syscall(Nr.Setgroups, count, groups));

    /// <summary>For the calling thread only; uint.MaxValue leaves a value as it is.</summary>
    public static int Setresuid(uint real, uint effective, uint saved) => Result(LibC.syscall(Nr.Setresuid, N(real), N(effective), N(saved)));

    /// <summary>For the calling thread only.</summary>
    public static int Setresgid(uint real, uint effective, uint saved) => Result(LibC.syscall(Nr.Setresgid, N(real), N(effective), N(saved)));

    /// <summary>For the calling thread only. The kernel reports no error here.</summary>
    public static void Setfsuid(uint uid)
    {
        LibC.syscall(Nr.Setfsuid, N(uid));
    }

    /// <summary>Clears permitted, effective and inheritable capabilities.</summary>
    public static int ClearCapabilities()
    {
        var data = stackalloc uint[CapHeader.Words];
        for (var i = 0; i < CapHeader.Words; i++)
            data[i] = 0;
        return SetCapabilities(data);
    }

    /// <summary>Of the calling thread, <see cref="CapHeader.Words"/> of them.</summary>
    public static int GetCapabilities(uint* data)
    {
        var header = new CapHeader { Version = CapHeader.Version3, Pid = 0 };
        return Result(LibC.syscall(Nr.Capget, &header, data));
    }

    public static int SetCapabilities(uint* data)
    {
        var header = new CapHeader { Version = CapHeader.Version3, Pid = 0 };
        return Result(LibC.syscall(Nr.Capset, &header, data));
    }

    public static int Prctl(int option, long a, long b, long c, long d) => Result(LibC.syscall(Nr.Prctl, option, N(a), N(b), N(c), N(d)));

    public static int Sethostname(byte* name, int length) => Result(LibC.syscall(Nr.Sethostname, name, length));

    public static int SetRlimit(int resource, ulong soft, ulong hard)
    {
        var limit = stackalloc ulong[2] { soft, hard };
        return Result(LibC.syscall(Nr.Prlimit64, 0, resource, limit, 0));
    }

    /// <summary>Soft and hard limit.</summary>
    public static int GetRlimit(int resource, ulong* limit) => Result(LibC.syscall(Nr.Prlimit64, 0, resource, 0, limit));

    public static int SeccompSetFilter(SockFprog* program) => Result(LibC.syscall(Nr.Seccomp, 1 /* SECCOMP_SET_MODE_FILTER */, 0, program));

    public static int Signalfd(ulong mask) => Result(LibC.syscall(Nr.Signalfd4, -1, &mask, 8, O.Cloexec | O.Nonblock));

    /// <summary>Replaces the calling thread's signal mask (bit n-1 = signal n).</summary>
    public static int SetSignalMask(ulong mask) => Result(LibC.syscall(Nr.RtSigprocmask, 2 /* SIG_SETMASK */, &mask, 0, 8));

    /// <summary>Sets a signal's action to SIG_DFL (0) or SIG_IGN (1).</summary>
    public static int SetSignalAction(int signal, nint handler)
    {
        var action = stackalloc nint[4];
        action[0] = handler;
        action[1] = 0;
        action[2] = 0;
        action[3] = 0;
        return Result(LibC.syscall(Nr.RtSigaction, signal, action, 0, 8));
    }

    public static int Mount(byte* source, byte* target, byte* type, ulong flags, byte* data) =>
        Result(LibC.syscall(Nr.Mount, source, target, type, N((long)flags), data));

    public static int Umount2(byte* target, int flags) => Result(LibC.syscall(Nr.Umount2, target, flags));

    public static int PivotRoot(byte* newRoot, byte* putOld) => Result(LibC.syscall(Nr.PivotRoot, newRoot, putOld));

    /// <summary>A detached copy of the mount at <paramref name="path"/> below <paramref name="directory"/> ("" = the directory itself).</summary>
    public static int OpenTreeClone_(int directory, byte* path, bool recursive) =>
        Result(LibC.syscall(Nr.OpenTree, directory, path, N((long)(OpenTreeClone | O.Cloexec | AtEmptyPath | (recursive ? AtRecursive : 0)))));

    /// <summary>Attaches a detached mount at a path.</summary>
    public static int MoveMount(int tree, byte* target)
    {
        byte empty = 0;
        return Result(LibC.syscall(Nr.MoveMount, tree, &empty, AtFdcwd, target, N(MoveMountFEmptyPath)));
    }

    public static int MountSetattr(int tree, byte* path, bool recursive, MountAttr* attributes) =>
        Result(LibC.syscall(Nr.MountSetattr, tree, path, AtEmptyPath | (recursive ? AtRecursive : 0), attributes, sizeof(MountAttr)));

    public static int Fsopen(byte* type) => Result(LibC.syscall(Nr.Fsopen, type, 1 /* FSOPEN_CLOEXEC */));

    public static int FsconfigString(int context, byte* key, byte* value) => Result(LibC.syscall(Nr.Fsconfig, context, 1, key, value, 0));

    public static int FsconfigFlag(int context, byte* key) => Result(LibC.syscall(Nr.Fsconfig, context, 0, key, 0, 0));

    public static int FsconfigCreate(int context) => Result(LibC.syscall(Nr.Fsconfig, context, 6, 0, 0, 0));

    public static int Fsmount(int context, ulong attributes) => Result(LibC.syscall(Nr.Fsmount, context, 1 /* FSMOUNT_CLOEXEC */, N((long)attributes)));

    public const int AtFdcwd = -100;
}
