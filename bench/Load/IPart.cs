using Hearth.Bench.Load.Processes;
using Hearth.Bench.Load.Reporting;

namespace Hearth.Bench.Load;

/// <summary>A part of the bench. It leaves nothing behind, however it ends.</summary>
internal interface IPart
{
    string Name { get; }

    /// <exception cref="BenchException">It cannot be measured; the message says why and what to do.</exception>
    Task<IReadOnlyList<Row>> RunAsync(BenchContext context);
}

/// <summary>A part failed for a reason that its message tells: no stack trace needed.</summary>
internal sealed class BenchException(string message, Exception? inner = null) : Exception(message, inner);

/// <summary>It was measured, and what was measured is not allowed (the allocation gate).</summary>
internal sealed class PartFailedException(string message, IReadOnlyList<Row> rows) : Exception(message)
{
    public IReadOnlyList<Row> Rows { get; } = rows;
}

/// <param name="Groups">Where measured processes are put, so that their CPU time can be read.</param>
/// <param name="Cancelled">Ctrl-C or SIGTERM.</param>
internal sealed record BenchContext(bool Quick, CpuGroups Groups, CancellationToken Cancelled)
{
    public static void Say(string text) => Console.Error.WriteLine($"bench: {text}");

    /// <summary>A fresh folder that every user may pass through; /tmp may be a small tmpfs, mounted nosuid.</summary>
    public static string NewFolder()
    {
        var parent = Environment.GetEnvironmentVariable("HEARTH_BENCH_DATA") is { Length: > 0 } chosen ? chosen : "/var/tmp";
        return Path.Combine(parent, $"hearth-bench-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}");
    }

    public static void NeedRoot(string part)
    {
        if (!Environment.IsPrivilegedProcess)
            throw new BenchException($"{part} needs root: it makes namespaces, mounts and cgroups; run sudo ./hearth bench {part}");
    }
}
