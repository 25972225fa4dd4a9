using System.Buffers.Text;

namespace Hearth.Spawner;

/// <summary>
/// What is executed for each runtime: the agent only sends its number. Arguments and environment hold nothing of a tenant; a function's own variables arrive in
/// the Init frame. The sizes tell a runtime that cannot see its cgroup how much memory and how many CPUs it has.
/// </summary>
internal static class RuntimeTable
{
    public const int Python = 1, NodeJs = 2, Dotnet = 3, Provided = 4;

    /// <summary>Folder below the data directory's runtimes/ for each number.</summary>
    public static readonly string[] Folders = ["", "python", "nodejs", "dotnet", "provided"];

    /// <summary>What each number executes unless another interpreter is asked for (<see cref="Interpreters"/>); of provided, in the sandbox always.</summary>
    public static readonly string[] Paths = ["", "/usr/bin/python3", "/usr/bin/node", "/usr/bin/dotnet", "/var/runtime/hearth-adapter"];

    /// <summary>Writes NUL-terminated arguments, then NUL-terminated environment entries.</summary>
    /// <param name="program">What is executed.</param>
    /// <param name="behindAdapter">By the adapter, whose arguments it and its own are.</param>
    /// <param name="memoryMb">128-10,240.</param>
    /// <param name="isWarming">Code and layers are mounted later.</param>
    public static void Write(int runtime, ReadOnlySpan<byte> program, bool behindAdapter, int memoryMb, bool isWarming, Span<byte> into, out int argumentBytes, out int environmentBytes)
    {
        var block = new Block(into);
        if (behindAdapter)
        {
            block.Add("/var/runtime/hearth-adapter"u8);
            block.Add("--client"u8);
        }

        block.Add(program);
        switch (runtime)
        {
            case Python:
                // Isolated and without site: the host's packages are not the function's, and it starts twice as fast.
                block.Add("-S"u8);
                block.Add("-I"u8);
                block.Add("/var/runtime/bootstrap.py"u8);
                break;
            case NodeJs:
                // V8's young generation is three semi-spaces of 16 MB unless told; beside node's own 45 MB that does not fit 128 MB.
                block.Add("--max-old-space-size="u8, memoryMb <= 256 ? memoryMb / 2 : memoryMb * 3 / 4);
                block.Add("--max-semi-space-size="u8, memoryMb < 512 ? 2 : 16);
                block.Add("/var/runtime/index.cjs"u8);
                break;
            case Dotnet:
                block.Add("/var/runtime/Hearth.Runtime.dll"u8);
                break;
        }

        argumentBytes = block.Length;
        WriteEnvironment(ref block, runtime, memoryMb, isWarming);
        environmentBytes = block.Length - argumentBytes;
    }

    /// <summary>The same for a zygote of Python, whose children have what it was started with.</summary>
    public static void WriteZygote(ReadOnlySpan<byte> program, ReadOnlySpan<byte[]> modules, Span<byte> into, out int argumentBytes, out int environmentBytes)
    {
        var block = new Block(into);
        block.Add(program);
        block.Add("-S"u8);
        block.Add("-I"u8);
        block.Add("/var/runtime/zygote.py"u8);
        foreach (var module in modules)
            block.Add(module);
        argumentBytes = block.Length;
        WriteEnvironment(ref block, Python, memoryMb: 0, isWarming: true);
        environmentBytes = block.Length - argumentBytes;
    }

    private static void WriteEnvironment(ref Block block, int runtime, int memoryMb, bool isWarming)
    {
        block.Add("PATH=/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin"u8);
        // The loader remembers which folders were not there as the process started: those that come with the code are left out then, and a runtime that finds
        // libraries in them executes itself again.
        block.Add(isWarming
            ? "LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib"u8
            : "LD_LIBRARY_PATH=/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib"u8);
        block.Add("LANG=en_US.UTF-8"u8);
        block.Add("TZ=:UTC"u8);
        if (memoryMb > 0)
            block.Add("HEARTH_MEMORY_MB="u8, memoryMb);
        if (isWarming)
            block.Add("HEARTH_WARMED=1"u8);
        switch (runtime)
        {
            case Python:
                block.Add("PYTHONPATH=/var/runtime"u8);
                block.Add("LC_CTYPE=C.UTF-8"u8);
                break;
            case Dotnet:
                // The collector's hard limit leaves room for the runtime itself: about 64 MB, or a quarter.
                block.AddHex("DOTNET_GCHeapHardLimit="u8, (long)Math.Min(memoryMb * 3 / 4, memoryMb - 64) << 20);
                block.Add("DOTNET_gcServer=0"u8);
                block.Add("DOTNET_gcConcurrent=0"u8);
                block.Add("DOTNET_PROCESSOR_COUNT="u8, (memoryMb + 1768) / 1769);
                block.Add("DOTNET_EnableDiagnostics=0"u8);
                block.Add("DOTNET_TieredPGO=0"u8);
                block.Add("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1"u8);
                break;
        }
    }

    private ref struct Block(Span<byte> bytes)
    {
        private readonly Span<byte> _bytes = bytes;

        public int Length { get; private set; }

        public void Add(ReadOnlySpan<byte> text)
        {
            text.CopyTo(_bytes[Length..]);
            Length += text.Length;
            _bytes[Length++] = 0;
        }

        public void Add(ReadOnlySpan<byte> text, int number) => AddNumber(text, number, 'D');

        public void AddHex(ReadOnlySpan<byte> text, long number) => AddNumber(text, number, 'X');

        private void AddNumber(ReadOnlySpan<byte> text, long number, char format)
        {
            text.CopyTo(_bytes[Length..]);
            Length += text.Length;
            Utf8Formatter.TryFormat(number, _bytes[Length..], out var written, format);
            Length += written;
            _bytes[Length++] = 0;
        }
    }
}
