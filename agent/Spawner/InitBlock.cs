using System.Runtime.InteropServices;
using System.Text;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Protocol;
using Hearth.Sandbox.Seccomp;

namespace Hearth.Spawner;

/// <summary>
/// Everything that <see cref="Init"/> needs, in unmanaged memory that the spawner fills before the clone and the child inherits with it. The constants are
/// written once at start; the descriptors for each sandbox.
/// </summary>
internal unsafe struct InitBlock
{
    public const int MaxMounts = 4;
    public const int MaxReceived = MaxMounts + 3;
    public const int AncillaryBytes = 16 + (MaxReceived * 4);
    public const int V1Groups = 3;
    public const int MaxArguments = 32;
    public const int MaxEnvironment = 32;

    // For each sandbox.
    public int ControlFd;
    public fixed int TreeFds[RootTrees.Most];
    public int TmpTreeFd;

    /// <summary>tasks of the v1 groups, memory first; -1 where there are none.</summary>
    public fixed int V1Tasks[V1Groups];

    // Init's own state.
    public int SignalFd;
    public int RuntimePid;
    public uint Generation;
    public int ReceivedCount;
    public int ArgumentBytes;
    public int EnvironmentBytes;
    public fixed int Received[MaxReceived];

    // Constants. The first tree is the root, the others lie below it, parents first; paths are relative to it.
    public int TreeCount;
    public byte** TreePaths;
    public ProcMask* Masks;
    public int MaskCount;
    public byte* EmptyFile;
    public byte* EmptyFolder;

    /// <summary>Arguments and environment of the spawner, as /proc/PID/cmdline and environ show them.</summary>
    public byte* CommandLine;
    public byte* CommandLineEnd;
    public byte* RootPath;
    public byte* Dot;
    public byte* Slash;
    public byte* TmpName;
    public byte* ProcName;
    public byte* TaskPath;
    public byte* RuntimePath;
    public byte* OptPath;
    public byte* TmpPath;
    public byte* DevNull;
    public byte* HostName;
    public byte* Name;
    public int HostNameLength;
    public SockFprog BaseFilter;
    public SockFprog ClosingFilter;
    public fixed byte StartBlock[InitOrderMessage.MaxStartBlock];

    /// <summary>Allocated once, never freed: it lives as long as the spawner and every sandbox.</summary>
    public static InitBlock* Create(string rootPath, RootTrees trees)
    {
        var block = (InitBlock*)NativeMemory.AllocZeroed((nuint)sizeof(InitBlock));
        block->RootPath = Text(rootPath);
        block->Dot = Text(".");
        block->Slash = Text("/");
        block->TmpName = Text("tmp");
        block->ProcName = Text("proc");
        block->TaskPath = Text("/var/task");
        block->RuntimePath = Text("/var/runtime");
        block->OptPath = Text("/opt");
        block->TmpPath = Text("/tmp");
        block->DevNull = Text("/dev/null");
        block->HostName = Text("sandbox");
        block->HostNameLength = 7;
        block->Name = Text("hearth-init");
        block->TreeCount = trees.Count;
        block->TreePaths = trees.RelativePaths;
        block->Masks = ProcMasks.Find(out block->MaskCount);
        block->EmptyFile = Text("/" + RootSkeleton.EmptyFile);
        block->EmptyFolder = Text("/" + RootSkeleton.EmptyFolder);
        var (start, end) = ProcMasks.CommandLine();
        block->CommandLine = (byte*)start;
        block->CommandLineEnd = (byte*)end;
        block->BaseFilter = Program(SeccompCompiler.Compile(SeccompPolicy.Base));
        block->ClosingFilter = Program(SeccompCompiler.Compile(SeccompPolicy.Closing));
        return block;
    }

    private static SockFprog Program(SockFilter[] instructions)
    {
        var bytes = (nuint)(instructions.Length * sizeof(SockFilter));
        var copy = (SockFilter*)NativeMemory.Alloc(bytes);
        instructions.AsSpan().CopyTo(new Span<SockFilter>(copy, instructions.Length));
        return new SockFprog { Length = (ushort)instructions.Length, Filter = copy };
    }

    /// <summary>A NUL-terminated copy in unmanaged memory, for the life of the process.</summary>
    public static byte* Text(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var copy = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
        bytes.CopyTo(new Span<byte>(copy, bytes.Length));
        return copy;
    }
}
