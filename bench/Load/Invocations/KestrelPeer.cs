using System.Diagnostics;
using Hearth.Bench.Load.Processes;

namespace Hearth.Bench.Load.Invocations;

/// <summary>The raw Kestrel echo, running.</summary>
internal sealed class KestrelPeer : IDisposable
{
    private readonly CpuGroup? _group;
    private readonly Process _process;

    public KestrelPeer(CpuGroups groups)
    {
        _group = groups.Create("kestrel");
        var command = CpuGroup.Wrap(_group, Self.Dotnet("Hearth.Bench.Load.dll", EchoPeers.KestrelVerb));
        _process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
        Endpoint = _process.StandardOutput.ReadLine() is { } url ? new Uri(url) : throw new BenchException("the Kestrel echo ended before it was ready");
    }

    public Uri Endpoint { get; }

    public long? CpuNanos() => _group?.CpuNanos();

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(10_000))
            _process.Kill();
        _process.Dispose();
        _group?.Remove();
    }
}
