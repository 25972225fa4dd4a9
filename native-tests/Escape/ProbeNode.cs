using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Hearth.Sandbox.Plan;
using Xunit;

namespace Hearth.NativeTests.Escape;

/// <summary>How the runtime of an instance came to be.</summary>
public enum Start
{
    /// <summary>Executed when it was needed, in a sandbox that was made then.</summary>
    WhenNeeded,

    /// <summary>Executed before it was known for whom.</summary>
    AheadOfTime,

    /// <summary>Forked from a zygote, before it was known for whom.</summary>
    ByZygote,
}

/// <summary>
/// Nodes with the probes deployed as one Python function, one for each <see cref="Start"/>. Started by the first test that asks, so that a machine without root can skip.
/// </summary>
public sealed class ProbeNode : IAsyncDisposable
{
    private const string Function = "probes";

    private readonly SemaphoreSlim _gate = new(1);
    private readonly TestNode?[] _nodes = new TestNode?[3];
    private readonly HostFacts?[] _facts = new HostFacts?[3];
    private readonly Start[] _starts = new Start[3];

    internal async Task<Finding> RunAsync(string probe, Start start)
    {
        await _gate.WaitAsync();
        try
        {
            var (node, facts) = await NodeAsync(start);
            var payload = new JsonObject { ["probe"] = probe, ["host"] = facts.Json.DeepClone() };
            var answer = await node.Client.InvokeAsync(Function, payload.ToJsonString());
            Assert.True(answer.Succeeded, $"{probe}: {answer}\n{node.Output}");
            return Finding.Parse(answer.Body);
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>How the instance that the probes begin with was started. Some end it, and what is reset is executed.</summary>
    internal async Task<Start> StartOfAsync(Start start)
    {
        await _gate.WaitAsync();
        try
        {
            await NodeAsync(start);
            return _starts[(int)start];
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            _facts[i]?.Dispose();
            if (_nodes[i] is { } node)
                await node.DisposeAsync();
        }
        _gate.Dispose();
    }

    private static async Task<Start> StartOfAsync(TestNode node)
    {
        var answer = await node.Client.InvokeAsync(Function, """{"probe":"","started_with":true}""");
        Assert.True(answer.Succeeded, $"{answer}\n{node.Output}");
        return answer.Body.Contains("zygote.py", StringComparison.Ordinal) ? Start.ByZygote : answer.Body.Contains("HEARTH_WARMED=1", StringComparison.Ordinal) ? Start.AheadOfTime : Start.WhenNeeded;
    }

    private async Task<(TestNode Node, HostFacts Facts)> NodeAsync(Start start)
    {
        var index = (int)start;
        if (_nodes[index] is not { } node)
        {
            node = _nodes[index] = await TestNode.StartAsync("--sandbox-pool", start == Start.WhenNeeded ? "0" : "4", "--zygote", start == Start.ByZygote ? "on" : "off");
            // 1 GiB: the fork bomb is to meet the limit on processes, not the one on memory.
            await node.Client.CreateAsync(new FunctionSettings(Function, MemoryMb: 1024, TimeoutSeconds: 120), FunctionZip.OfFolder("Escape/probes"));
            // What it expects from now on is made ahead of time, one after the other. That an interpreter runs does not say that it waits already: then this instance is replaced.
            if (start != Start.WhenNeeded)
                await Patience.UntilAsync("the instance is one that was started ahead of time", async () =>
                {
                    await Patience.UntilAsync("an interpreter was started", () => ProcessTable.Pids().Any(pid =>
                        ProcessTable.Read(pid, "environ").Contains("HEARTH_WARMED=1", StringComparison.Ordinal) && !ProcessTable.IsOf(pid, Identity.Zygote) && ProcessTable.Read(pid, "mountinfo").Contains(node.Data + "/", StringComparison.Ordinal)));
                    if (await StartOfAsync(node) == start)
                        return true;
                    await node.Client.UpdateCodeAsync(Function, FunctionZip.OfFolder("Escape/probes"));
                    return false;
                });
            _starts[index] = await StartOfAsync(node);
            _facts[index] = new HostFacts(node.Data, node.Endpoint.Port, [Environment.ProcessId, node.UpPid, .. node.Pids("hearth-agent")]);
        }
        return (node, _facts[index]!);
    }
}
