using System.Runtime.InteropServices;

namespace Hearth.Sandbox.Linux;

/// <summary>clone3(2), all fields up to CLONE_INTO_CGROUP (Linux 5.7).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CloneArgs
{
    public ulong Flags, Pidfd, ChildTid, ParentTid, ExitSignal, Stack, StackSize, Tls, SetTid, SetTidSize, Cgroup;
}

/// <summary>openat2(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct OpenHow
{
    public const ulong ResolveNoXdev = 1, ResolveNoSymlinks = 4, ResolveBeneath = 8;

    public ulong Flags, Mode, Resolve;
}

/// <summary>mount_setattr(2).</summary>
[StructLayout(LayoutKind.Sequential)]
public struct MountAttr
{
    public const ulong ReadOnly = 1, NoSuid = 2, NoDev = 4, NoExec = 8, IdMap = 0x100000;

    public ulong Set, Clear, Propagation, UserNamespace;
}

/// <summary>The header of capset(2); the two data words follow separately.</summary>
[StructLayout(LayoutKind.Sequential)]
public struct CapHeader
{
    public const uint Version3 = 0x20080522;

    public uint Version;
    public int Pid;
}

/// <summary>struct sock_fprog: a seccomp program.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SockFprog
{
    public ushort Length;
    public void* Filter;
}

/// <summary>struct loop_config of LOOP_CONFIGURE (Linux 5.8), with loop_info64 inside.</summary>
[StructLayout(LayoutKind.Sequential)]
public unsafe struct LoopConfig
{
    public const uint FlagAutoclear = 4, FlagDirectIo = 16;

    public uint Fd, BlockSize;
    public ulong Device, Inode, RDevice, Offset, SizeLimit;
    public uint Number, EncryptType, EncryptKeySize, Flags;
    public fixed byte FileName[64];
    public fixed byte CryptName[64];
    public fixed byte EncryptKey[32];
    public fixed ulong Init[2];
    public fixed ulong Reserved[8];
}
