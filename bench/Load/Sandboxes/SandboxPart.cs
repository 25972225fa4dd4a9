using Hearth.Bench.Load.Processes;
using Hearth.Bench.Load.Reporting;

namespace Hearth.Bench.Load.Sandboxes;

/// <summary>
/// What a sandbox costs, beside the tools that people use instead. Rounds are interleaved, each in another order, so that a machine that gets slower or faster
/// meanwhile does so for all.
/// </summary>
internal sealed class SandboxPart : IPart
{
    private const string Claimed = "Empty sandbox claimed for Python";
    private const string Reaped = "its end is reaped";
    private static readonly int[] Creators = [1, 2, 4];

    public string Name => "sandbox";

    public Task<IReadOnlyList<Row>> RunAsync(BenchContext context)
    {
        BenchContext.NeedRoot(Name);
        var (rounds, batch, throughputRounds, time) = context.Quick ? (4, 25, 1, TimeSpan.FromSeconds(0.7)) : (20, 50, 3, TimeSpan.FromSeconds(1.5));
        List<Peer> peers = [];
        List<Row> absent = [];
        using var bundle = new OciBundle();
        using var spawner = new SpawnerProcess(context.Groups);
        using var connection = new SpawnerConnection(spawner.Socket);
        try
        {
            var cycles = new SandboxCycles(connection);
            var sandbox = new SandboxPeer("Hearth sandbox", spawner, cycles, cycles.Empty);
            var python = new SandboxPeer("Hearth sandbox with Python", spawner, cycles, () => cycles.Python(spawner.PythonCode));
            var claimed = new SandboxPeer(Claimed, spawner, cycles, () => cycles.ClaimedPython(spawner.PythonCode));
            peers.AddRange([sandbox, python, claimed]);
            peers.AddRange(Programs(bundle, absent));
            Rotate(peers, 1, (peer, _) => peer.Measure(5, keep: false, context.Cancelled));
            Rotate(peers, rounds, (peer, round) => peer.Measure(peer.Name == "runc run" ? batch / 5 : batch, keep: true, context.Cancelled));
            var contenders = peers.Where(static peer => peer.Name is "Hearth sandbox" or "bwrap --unshare-all" or "runc run" or "crun run").ToList();
            foreach (var creators in Creators)
                Rotate(contenders, throughputRounds, (peer, _) => peer.MeasureThroughput(creators, time, context.Cancelled));
            return Task.FromResult<IReadOnlyList<Row>>(Rows(peers, contenders, absent));
        }
        finally
        {
            peers.ForEach(static peer => peer.Dispose());
        }
    }

    private static void Rotate(List<Peer> peers, int rounds, Action<Peer, int> measure)
    {
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < peers.Count; i++)
                measure(peers[(i + round) % peers.Count], round);
        }
    }

    private static List<Peer> Programs(OciBundle bundle, List<Row> absent)
    {
        List<Peer> peers = [];
        Try("/bin/true", "coreutils", _ => ["/bin/true"]);
        Try("python3 -I -S -c 1", "python3", _ => ["/usr/bin/python3", "-I", "-S", "-c", "1"]);
        Try("bwrap --unshare-all", "bubblewrap", _ => ["/usr/bin/bwrap", "--unshare-all", "--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64",
            "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "/bin/true"]);
        Try("runc run", "runc", i => ["/usr/sbin/runc", "--root", bundle.State, "run", "--bundle", bundle.Of(i), $"hearth-bench-{i}"]);
        Try("crun run", "crun", i => ["/usr/bin/crun", "--root", bundle.State, "run", "--bundle", bundle.Of(i), $"hearth-bench-{i}"]);
        return peers;

        // A peer that this machine has not or that does not run on it is told as a row, with its own words.
        void Try(string name, string package, Func<int, string[]> command)
        {
            var arguments = command(0);
            var reason = File.Exists(arguments[0]) ? SpawnedProgram.Complaint(arguments) : $"apt-get install {package}";
            if (reason is null)
                peers.Add(new ProgramPeer(name, command));
            else
                absent.Add(new Row { Part = "sandbox", Name = name, From = "posix_spawn", To = Reaped, Unit = "us", Note = $"not measured: {reason}" });
        }
    }

    private List<Row> Rows(List<Peer> peers, List<Peer> contenders, List<Row> absent)
    {
        List<Row> rows = [];
        var bwrap = peers.Find(static peer => peer.Name == "bwrap --unshare-all") is { } found ? Latency(found) : null;
        var bare = Latency(peers.Single(static peer => peer.Name == "python3 -I -S -c 1"));
        foreach (var peer in peers)
        {
            if (peer.Name == Claimed)
            {
                rows.Add(Row.OfLatency(Name, $"{peer.Name}: to the pipes", "Claim sent to the spawner", "the answer that its runtime was started, with the pipes", peer.Ready).RelativeTo(bare));
                rows.Add(Row.OfLatency(Name, $"{peer.Name}: to ready", "Claim sent to the spawner", "the first frame of the Python runtime", peer.Whole).RelativeTo(bare));
                continue;
            }

            var baseline = peer.Name.Contains("ython", StringComparison.Ordinal) ? bare : bwrap;
            if (peer.Ready.Count > 0)
            {
                var ready = peer.Name == "Hearth sandbox" ? "the answer that it is ready, descriptors read" : "the first frame of the Python runtime";
                rows.Add(Row.OfLatency(Name, $"{peer.Name}: create to ready", "Create sent to the spawner", ready, peer.Ready).RelativeTo(baseline));
            }

            rows.Add(Latency(peer).RelativeTo(baseline));
        }

        foreach (var creators in Creators)
        {
            var reference = contenders.Find(static peer => peer.Name == "bwrap --unshare-all") is { } other ? Rate(other, creators) : null;
            rows.AddRange(contenders.Select(peer => Rate(peer, creators).RelativeTo(reference)));
        }

        return [.. rows, .. absent];
    }

    private Row Latency(Peer peer)
    {
        var ours = peer is SandboxPeer;
        var row = ours
            ? Row.OfLatency(Name, $"{peer.Name}: whole cycle", "Create sent to the spawner", "the answer to Destroy: nothing is left", peer.Whole)
            : Row.OfLatency(Name, peer.Name, "posix_spawn", Reaped, peer.Whole);
        return row with
        {
            CpuMicros = peer.CpuNanos is { } nanos && row.Count > 0 ? nanos / 1000.0 / row.Count : null,
            CpuOf = ours ? "the spawner and all its sandboxes (its group's cpu.stat)" : "the process and all it reaped (rusage)",
        };
    }

    private Row Rate(Peer peer, int creators) => new()
    {
        Part = Name,
        Name = $"{peer.Name}: cycles, {creators} at a time",
        From = peer is SandboxPeer ? "Create sent to the spawner" : "posix_spawn",
        To = peer is SandboxPeer ? "the answer to Destroy" : Reaped,
        Unit = "us",
        Count = peer.Throughput[creators].Count,
        Seconds = peer.Throughput[creators].Nanos / 1e9,
        PerSecond = peer.Throughput[creators].Count * 1e9 / peer.Throughput[creators].Nanos,
    };
}
