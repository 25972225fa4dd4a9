using System.Runtime.InteropServices;

namespace Hearth.Sandbox.Linux;

/// <summary>clone3(2), all fields up to CLONE_INTO_CGROUP (Linux 5.7).</summary>
[NativeStruct("struct clone_args", "linux/sched.h")]
[StructLayout(LayoutKind.Sequential)]
public struct CloneArgs
{
    public ulong Flags, Pidfd, ChildTid, ParentTid, ExitSignal, Stack, StackSize, Tls, SetTid, SetTidSize, Cgroup;
}

/// <summary>openat2(2).</summary>
[NativeStruct("struct open_how", "linux/openat2.h")]
[NativeConstants("linux/openat2.h", Names = ["ResolveNoXdev=RESOLVE_NO_XDEV", "ResolveNoSymlinks=RESOLVE_NO_SYMLINKS", "ResolveBeneath=RESOLVE_BENEATH"])]
[StructLayout(LayoutKind.Sequential)]
public struct OpenHow
{
    public const ulong ResolveNoXdev = 1, ResolveNoSymlinks = 4, ResolveBeneath = 8;

    public ulong Flags, Mode, Resolve;
}

/// <summary>A lock on a range of a file's bytes, fcntl(2). It belongs to the process: children do not inherit it, and the kernel lifts it when the process ends.</summary>
[NativeStruct("struct flock", "fcntl.h", Fields = ["Type=l_type", "Whence=l_whence", "Start=l_start", "Length=l_len", "Pid=l_pid"])]
[NativeConstants("fcntl.h", Names = ["SetLock=F_SETLK", "WriteLock=F_WRLCK", "Unlock=F_UNLCK"])]
[StructLayout(LayoutKind.Sequential)]
public struct FileLock
{
    public const int SetLock = 6;
    public const short WriteLock = 1, Unlock = 2;

    public short Type, Whence;
    public long Start, Length;
    public int Pid;
}

/// <summary>mount_setattr(2).</summary>
[NativeStruct("struct mount_attr", "sys/mount.h", Fields = ["Set=attr_set", "Clear=attr_clr", "UserNamespace=userns_fd"])]
[NativeConstants("sys/mount.h", Prefix = "MOUNT_ATTR_", Case = NativeCase.Upper, Names = ["ReadOnly=MOUNT_ATTR_RDONLY"])]
[StructLayout(LayoutKind.Sequential)]
public struct MountAttr
{
    public const ulong ReadOnly = 1, NoSuid = 2, NoDev = 4, NoExec = 8, IdMap = 0x100000;

    public ulong Set, Clear, Propagation, UserNamespace;
}

/// <summary>The header of capset(2); the two data words follow separately.</summary>
[NativeStruct("struct __user_cap_header_struct", "linux/capability.h")]
[NativeConstants("linux/capability.h", Names = ["Version3=_LINUX_CAPABILITY_VERSION_3"])]
[StructLayout(LayoutKind.Sequential)]
public struct CapHeader
{
    public const uint Version3 = 0x20080522;

    /// <summary>What capset(2) takes beside the header: effective, permitted and inheritable, twice 32 bits of each.</summary>
    [NotNative("a number of ours")]
    public const int Words = 6;

    public uint Version;
    public int Pid;
}

/// <summary>struct sock_fprog: a seccomp program.</summary>
[NativeStruct("struct sock_fprog", "linux/filter.h", Fields = ["Length=len"])]
[StructLayout(LayoutKind.Sequential)]
public unsafe struct SockFprog
{
    public ushort Length;
    public void* Filter;
}

/// <summary>struct loop_config of LOOP_CONFIGURE (Linux 5.8), with loop_info64 inside.</summary>
[NativeStruct("struct loop_config", "linux/loop.h", Fields =
[
    "Device=info.lo_device", "Inode=info.lo_inode", "RDevice=info.lo_rdevice", "Offset=info.lo_offset", "SizeLimit=info.lo_sizelimit", "Number=info.lo_number",
    "EncryptType=info.lo_encrypt_type", "EncryptKeySize=info.lo_encrypt_key_size", "Flags=info.lo_flags", "FileName=info.lo_file_name",
    "CryptName=info.lo_crypt_name", "EncryptKey=info.lo_encrypt_key", "Init=info.lo_init", "Reserved=__reserved",
])]
[NativeConstants("linux/loop.h", Names = ["FlagAutoclear=LO_FLAGS_AUTOCLEAR", "FlagDirectIo=LO_FLAGS_DIRECT_IO"])]
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
