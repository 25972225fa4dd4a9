namespace Hearth.Sandbox.Linux;

/// <summary>open(2) flags of x86_64.</summary>
[NativeConstants("fcntl.h", Prefix = "O_", Case = NativeCase.Upper, Names = ["ReadOnly=O_RDONLY", "WriteOnly=O_WRONLY", "ReadWrite=O_RDWR", "Create=O_CREAT", "Exclusive=O_EXCL", "Truncate=O_TRUNC"])]
public static class O
{
    public const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2, Create = 0x40, Exclusive = 0x80, Truncate = 0x200, Nonblock = 0x800, Directory = 0x10000, NoFollow = 0x20000,
        Cloexec = 0x80000, Path = 0x200000, TmpFile = 0x410000;
}

/// <summary>Namespace and process flags of clone3(2).</summary>
[NativeConstants("linux/sched.h", Prefix = "CLONE_", Case = NativeCase.Upper, Names = ["IntoCgroup=CLONE_INTO_CGROUP"])]
public static class CloneFlags
{
    public const ulong NewNs = 0x20000, NewCgroup = 0x2000000, NewUts = 0x4000000, NewIpc = 0x8000000, NewUser = 0x10000000, NewPid = 0x20000000, NewNet = 0x40000000,
        Pidfd = 0x1000, IntoCgroup = 0x200000000;
}

/// <summary>mount(2) flags.</summary>
[NativeConstants("sys/mount.h", Prefix = "MS_", Case = NativeCase.Upper, Names = ["ReadOnly=MS_RDONLY", "Detach=MNT_DETACH"])]
public static class Ms
{
    public const ulong ReadOnly = 1, NoSuid = 2, NoDev = 4, NoExec = 8, Remount = 32, Bind = 4096, Rec = 16384, Private = 1 << 18, Slave = 1 << 19;
    public const int Detach = 2;
}

/// <summary>Signals of x86_64 and aarch64.</summary>
[NativeConstants("signal.h", Prefix = "SIG", Case = NativeCase.Upper)]
public static class Sig
{
    public const int Hup = 1, Int = 2, Quit = 3, Kill = 9, Pipe = 13, Term = 15, Chld = 17;
}

/// <summary>prctl(2) options.</summary>
[NativeConstants("sys/prctl.h", Prefix = "PR_", Case = NativeCase.UpperSnake)]
public static class Pr
{
    public const int SetPdeathsig = 1, SetDumpable = 4, CapbsetDrop = 24, SetChildSubreaper = 36, SetNoNewPrivs = 38, CapAmbient = 47, CapAmbientClearAll = 4, SetName = 15;
}

/// <summary>getrlimit(2) resources.</summary>
[NativeConstants("sys/resource.h", Prefix = "RLIMIT_", Case = NativeCase.Upper, Names = ["Infinity=RLIM_INFINITY"])]
public static class Rlimit
{
    public const int Cpu = 0, Fsize = 1, Data = 2, Stack = 3, Core = 4, Nproc = 6, Nofile = 7, Memlock = 8, As = 9, Msgqueue = 12;
    public const ulong Infinity = ulong.MaxValue;
}
