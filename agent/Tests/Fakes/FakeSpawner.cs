using System.Collections.Concurrent;
using Hearth.Agent.Spawning;

namespace Hearth.Agent.Tests.Fakes;

/// <summary>Starts the real runtime client of Python, or the command that a test gives, as plain processes.</summary>
internal sealed class FakeSpawner : ISpawner, IAsyncDisposable
{
    private readonly ConcurrentDictionary<ulong, FakeSandbox> _alive = new();
    private readonly ConcurrentQueue<FakeSandbox> _all = new();
    private ulong _last;

    public bool IsConnected { get; set; } = true;

    public bool RefuseResets { get; set; }

    /// <summary>Set to make every start fail with this message.</summary>
    public string? RefuseStarts { get; set; }

    /// <summary>By function memory in MB: a command in place of Python's client.</summary>
    public ConcurrentDictionary<int, string[]> Commands { get; } = new();

    public IReadOnlyCollection<FakeSandbox> Alive => [.. _alive.Values];

    /// <summary>Every sandbox ever made, in order.</summary>
    public IReadOnlyList<FakeSandbox> All => [.. _all];

    /// <summary>What each of them was asked to be, in order.</summary>
    public ConcurrentQueue<SandboxSpec> Specs { get; } = new();

    public static string PythonClient => Path.Join(AppContext.BaseDirectory, "runtimes", "python", "bootstrap.py");

    public Task<ISandbox> StartAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        if (!IsConnected)
            throw new SpawnerException("the spawner is away");
        if (RefuseStarts is { } cause)
            throw new SpawnerException(cause);
        var command = Commands.GetValueOrDefault(spec.MemoryMb) ?? ["/usr/bin/python3", "-S", "-I", PythonClient];
        var sandbox = new FakeSandbox(this, Interlocked.Increment(ref _last), command);
        Specs.Enqueue(spec);
        _alive[sandbox.Id] = sandbox;
        _all.Enqueue(sandbox);
        return Task.FromResult<ISandbox>(sandbox);
    }

    /// <summary>The spawner dies, and everything it made with it.</summary>
    public void Die()
    {
        IsConnected = false;
        foreach (var sandbox in _alive.Values)
            sandbox.Lose();
    }

    public void Removed(FakeSandbox sandbox) => _alive.TryRemove(sandbox.Id, out _);

    public async ValueTask DisposeAsync()
    {
        foreach (var sandbox in _alive.Values)
            await sandbox.DestroyAsync();
    }
}
