using Hearth.NativeTests.Harness;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>One node for a class of tests that use functions of their own; started by the first that asks, so that a machine without root can skip.</summary>
public sealed class SharedNode : IAsyncDisposable
{
    private readonly HashSet<string> _deployed = [];
    private TestNode? _node;

    /// <summary>The node, with these functions (functions/handler.py, 128 MB, 30 s) deployed.</summary>
    internal async Task<TestNode> DeployAsync(params string[] functions)
    {
        _node ??= await TestNode.StartAsync();
        foreach (var function in functions)
        {
            if (!_deployed.Contains(function))
                await Behaviours.DeployAsync(_node, function);
            _deployed.Add(function);
        }

        return _node;
    }

    public async ValueTask DisposeAsync()
    {
        if (_node is not null)
            await _node.DisposeAsync();
    }
}
