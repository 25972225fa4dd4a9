using Hearth.Agent.Spawning;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Agent.Tests.Spawning;

/// <summary>A sandbox of a pool, which only lives and ends.</summary>
internal sealed class Shell(ulong id) : ISandbox
{
    private readonly TaskCompletionSource<RuntimeExit> _exited = new();

    public bool IsDestroyed { get; private set; }

    /// <summary>By a start.</summary>
    public bool IsTaken { get; private set; }

    public void Take() => IsTaken = true;

    public ulong Id => id;

    public SafeFileHandle Requests => throw new NotSupportedException();

    public SafeFileHandle Responses => throw new NotSupportedException();

    public SafeFileHandle Logs => throw new NotSupportedException();

    public Task<RuntimeExit> Exited => _exited.Task;

    public void End() => _exited.SetResult(new RuntimeExit(0, 9, OutOfMemory: false, SandboxLost: true));

    public Task ResetAsync(CancellationToken cancellationToken) => throw new NotSupportedException();

    public void Freeze() => throw new NotSupportedException();

    public void Thaw() => throw new NotSupportedException();

    public SandboxStats ReadStats() => default;

    public Task DestroyAsync()
    {
        IsDestroyed = true;
        return Task.CompletedTask;
    }
}
