using System.Runtime.InteropServices;
using Hearth.Sandbox.Linux;

namespace Hearth.Sandbox.Seccomp;

/// <summary>One instruction of a classic BPF program.</summary>
[NativeStruct("struct sock_filter", "linux/filter.h", Fields = ["JumpTrue=jt", "JumpFalse=jf"])]
[StructLayout(LayoutKind.Sequential)]
public readonly record struct SockFilter(ushort Code, byte JumpTrue, byte JumpFalse, uint K);

/// <summary>What a filter sees of a call (struct seccomp_data), and what it may answer.</summary>
[NativeConstants("linux/seccomp.h", "linux/audit.h", "asm/unistd.h", Names =
[
    "RetAllow=SECCOMP_RET_ALLOW", "RetErrno=SECCOMP_RET_ERRNO", "RetKillProcess=SECCOMP_RET_KILL_PROCESS", "X32Bit=__X32_SYSCALL_BIT",
    "ArchX64=AUDIT_ARCH_X86_64", "ArchArm64=AUDIT_ARCH_AARCH64", "ArchI386=AUDIT_ARCH_I386",
    "NumberOffset=offsetof(struct seccomp_data, nr)", "ArchOffset=offsetof(struct seccomp_data, arch)", "ArgumentsOffset=offsetof(struct seccomp_data, args)",
])]
internal static class SeccompAbi
{
    public const uint RetAllow = 0x7fff0000;
    public const uint RetErrno = 0x00050000;
    public const uint RetKillProcess = 0x80000000;

    public const uint ArchX64 = 0xc000003e;
    public const uint ArchArm64 = 0xc00000b7;
    public const uint ArchI386 = 0x40000003;

    /// <summary>Set in the number of a call of the x32 ABI, which has the architecture of x86_64.</summary>
    public const uint X32Bit = 0x40000000;

    public const uint NumberOffset = 0;
    public const uint ArchOffset = 4;
    public const uint ArgumentsOffset = 16;
}

/// <summary>The instructions that seccomp needs.</summary>
[NativeConstants("linux/filter.h", Names =
[
    "Load=(BPF_LD | BPF_W | BPF_ABS)", "And=(BPF_ALU | BPF_AND | BPF_K)", "JumpEqual=(BPF_JMP | BPF_JEQ | BPF_K)", "JumpAtLeast=(BPF_JMP | BPF_JGE | BPF_K)",
    "JumpAnyBit=(BPF_JMP | BPF_JSET | BPF_K)", "Return=(BPF_RET | BPF_K)",
])]
internal static class BpfCode
{
    public const ushort Load = 0x20;
    public const ushort And = 0x54;
    public const ushort JumpEqual = 0x15;
    public const ushort JumpAtLeast = 0x35;
    public const ushort JumpAnyBit = 0x45;
    public const ushort Return = 0x06;
}
