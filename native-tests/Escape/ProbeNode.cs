using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.Escape;

/// <summary>A node with the probes deployed as one Python function; started by the first test that asks, so that a machine without root can skip.</summary>
public sealed class ProbeNode : IAsyncDisposable
{
    private const string Function = "probes";

    private readonly SemaphoreSlim _gate = new(1);
    private TestNode? _node;
    private HostFacts? _facts;

    internal async Task<Finding> RunAsync(string probe)
    {
        await _gate.WaitAsync();
        try
        {
            if (_node is null)
            {
                var node = await TestNode.StartAsync();
                _node = node;
                // 1 GiB: the fork bomb is to meet the limit on processes, not the one on memory.
                await node.Client.CreateAsync(new FunctionSettings(Function, MemoryMb: 1024, TimeoutSeconds: 120), FunctionZip.OfFolder("Escape/probes"));
                _facts = new HostFacts(node.Data, node.Endpoint.Port, [Environment.ProcessId, node.UpPid, .. node.Pids("hearth-agent")]);
            }

            var payload = new JsonObject { ["probe"] = probe, ["host"] = _facts!.Json.DeepClone() };
            var answer = await _node.Client.InvokeAsync(Function, payload.ToJsonString());
            Assert.True(answer.Succeeded, $"{probe}: {answer}\n{_node.Output}");
            return Finding.Parse(answer.Body);
        }
        finally
        {
            _gate.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _facts?.Dispose();
        if (_node is not null)
            await _node.DisposeAsync();
        _gate.Dispose();
    }
}
