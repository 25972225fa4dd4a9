using Hearth.Bench.Load.Invocations;
using Hearth.Bench.Load.Node;
using Hearth.Bench.Load.Reporting;
using Hearth.Contracts.V1;

namespace Hearth.Bench.Load.Memory;

/// <summary>Instances that were used once and are frozen: what each holds, and what the node's own processes hold for them.</summary>
internal sealed class MemoryPart : IPart
{
    public string Name => "memory";

    public async Task<IReadOnlyList<Row>> RunAsync(BenchContext context)
    {
        BenchContext.NeedRoot(Name);
        List<Row> rows = [];
        var node = await BenchNode.StartAsync(context);
        await using (node)
        {
            foreach (var language in Language.All)
                rows.AddRange(await MeasureAsync(context, node, language, Count(language, context.Quick)));
        }

        node.CheckNothingLeft();
        return rows;
    }

    /// <summary>100 of Python, so that the cost for the node's own processes needs no scaling; fewer where a machine is small.</summary>
    private static int Count(Language language, bool quick)
    {
        var available = new FileInfo("/proc/meminfo").Exists
            ? long.Parse(File.ReadLines("/proc/meminfo").First(static line => line.StartsWith("MemAvailable:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) / 1024
            : 0;
        var wanted = (language.Name, quick) switch { ("python", false) => 100, ("python", true) => 20, (_, false) => 30, (_, true) => 8 };
        return (int)Math.Clamp(available / 2 / 64, 4, wanted);
    }

    private async Task<IReadOnlyList<Row>> MeasureAsync(BenchContext context, BenchNode node, Language language, int count)
    {
        var names = Enumerable.Range(0, count).Select(i => $"idle-{language.Name}-{i}").ToList();
        foreach (var name in names)
            await node.DeployAsync(name, language, "idle", timeoutSeconds: 30, context.Cancelled);
        var (agent, spawner) = (ProcessMemory.Of(node.Pid("hearth-agent")), ProcessMemory.Of(node.Pid("hearth-spawner")));
        var instances = await FillAsync(context, node, language, names);
        var pss = node.SandboxPids().Sum(static pid => ProcessMemory.Of(pid).PssKib) / 1024.0 / count;
        var (agentAfter, spawnerAfter) = (ProcessMemory.Of(node.Pid("hearth-agent")), ProcessMemory.Of(node.Pid("hearth-spawner")));
        foreach (var name in names)
            await node.DeleteAsync(name, context.Cancelled);
        var held = instances.Select(static instance => instance.MemoryBytes / 1048576.0).Order().ToArray();
        return
        [
            Base($"idle {language.Name}: memory of its cgroup", "memory.current (v1: memory.usage_in_bytes) of each frozen instance that was used once") with
            {
                Count = count, P50 = At(held, 0.5), P90 = At(held, 0.9), Max = held[^1], Mean = held.Average(),
            },
            Base($"idle {language.Name}: PSS of its processes", "smaps_rollup of all processes in the sandboxes, divided by the instances; pages that several map are divided among them") with { Count = count, Mean = pss, P50 = pss },
            Growth($"agent, for 100 {language.Name} instances", agent, agentAfter, count),
            Growth($"spawner, for 100 {language.Name} instances", spawner, spawnerAfter, count),
        ];
    }

    /// <summary>One instance for each of so many functions, one after another: at once, a slow machine would run into the limit of initialisation. Then rest until all are frozen.</summary>
    private static async Task<IReadOnlyList<Instance>> FillAsync(BenchContext context, BenchNode node, Language language, List<string> names)
    {
        foreach (var name in names)
        {
            context.Cancelled.ThrowIfCancellationRequested();
            using var caller = new HttpCaller(node.Endpoint, $"/2015-03-31/functions/{name}/invocations", Language.Payload, language.Answer);
            caller.Call(1);
        }

        IReadOnlyList<Instance> instances = [];
        await Deployment.UntilAsync("all instances are frozen", async () => (instances = await node.InstancesAsync("", context.Cancelled)).All(static instance => instance.State == "frozen"), context.Cancelled);
        return instances.Count == names.Count ? instances : throw new BenchException($"{instances.Count} idle instances of {language.Name} instead of {names.Count}; is memory short on this machine?");
    }

    private Row Growth(string what, ProcessMemory before, ProcessMemory after, int count) => Base($"{what}: RSS", "growth from none to all of them idle, scaled to 100") with
    {
        P50 = Mib(after.RssKib - before.RssKib) * 100 / count,
        Note = $"RSS {Mib(before.RssKib):0.0} -> {Mib(after.RssKib):0.0} MiB, PSS {Mib(before.PssKib):0.0} -> {Mib(after.PssKib):0.0} MiB (each sandbox's init is a fork of the spawner and shares its pages)",
    };

    private Row Base(string name, string what) => new() { Part = Name, Name = name, From = what, To = "", Unit = "MiB" };

    private static double Mib(long kib) => kib / 1024.0;

    private static double At(double[] ordered, double share) => ordered[Math.Clamp((int)Math.Ceiling(share * ordered.Length) - 1, 0, ordered.Length - 1)];
}
