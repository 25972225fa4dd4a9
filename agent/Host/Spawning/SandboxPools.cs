namespace Hearth.Agent.Spawning;

/// <summary>What a sandbox that waits for a start is ready for.</summary>
/// <param name="Program">The spawner's number for what runs in it and waits for Init; 0: nothing does, it suits each.</param>
/// <param name="MemoryMb">What that was told that it has; 0 without one.</param>
internal readonly record struct PoolKind(int Program, int MemoryMb)
{
    public static readonly PoolKind Empty = new(0, 0);
}

/// <summary>
/// Sandboxes that wait for starts: empty ones, and for the runtimes and memory settings that are in use ones in which the runtime has started already. These hold nothing of any tenant:
/// the interpreter and our own client, which have said Hello and wait for Init.
/// </summary>
/// <param name="most">Of all kinds together, 0 = none.</param>
/// <param name="create">Makes one; throws <see cref="SpawnerException"/>.</param>
internal sealed class SandboxPools(int most, Func<PoolKind, Task<SpawnedSandbox>> create, TimeProvider time, ILogger log) : IDisposable
{
    /// <summary>Whatever was started or deployed within this time has one ready.</summary>
    private static readonly TimeSpan s_keptFor = TimeSpan.FromMinutes(10);

    private const int LeastEmpty = 2, LeastWarm = 1;

    /// <summary>Runtimes and settings that are kept ready at the same time; the one that was unused longest goes.</summary>
    private const int MostKinds = 6;

    private readonly Lock _gate = new();
    private readonly Dictionary<PoolKind, ShellPool<SpawnedSandbox>> _pools = [];
    private readonly PoolRoom _room = new(most);
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private bool _isOpen;
    private bool _isDisposed;

    /// <summary>The best that is ready for it, or null: then make one.</summary>
    public SpawnedSandbox? TryTake(PoolKind wanted) => most == 0 ? null : Pool(wanted)?.TryTake() ?? Pool(PoolKind.Empty)?.TryTake();

    /// <summary>A function of that kind may soon be started.</summary>
    public void Expect(PoolKind kind)
    {
        if (most > 0)
            Pool(kind)?.Expect();
    }

    /// <summary>The spawner is there.</summary>
    public void Open()
    {
        if (most == 0)
            return;
        lock (_gate)
        {
            _isOpen = true;
            foreach (var pool in _pools.Values)
                pool.Open();
        }
        Pool(PoolKind.Empty);
    }

    /// <summary>The spawner is gone, and has taken all along.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isOpen = false;
            foreach (var pool in _pools.Values)
                pool.Close();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _isDisposed = true;
            foreach (var pool in _pools.Values)
                pool.Dispose();
            _pools.Clear();
        }
    }

    private ShellPool<SpawnedSandbox>? Pool(PoolKind kind)
    {
        lock (_gate)
        {
            if (_isDisposed)
                return null;
            if (_pools.TryGetValue(kind, out var pool))
                return pool;
            var (least, keptFor) = kind == PoolKind.Empty ? (LeastEmpty, TimeSpan.MaxValue) : (LeastWarm, s_keptFor);
            pool = _pools[kind] = new ShellPool<SpawnedSandbox>(least, keptFor, () => CreateAsync(kind), _room, time, log);
            if (_isOpen)
                pool.Open();
            if (_pools.Count <= MostKinds + 1)
                return pool;
            var oldest = _pools.Where(other => other.Key != PoolKind.Empty && other.Key != kind).MaxBy(static other => other.Value.Unused);
            _pools.Remove(oldest.Key);
            oldest.Value.Dispose();
            return pool;
        }
    }

    private async Task<SpawnedSandbox> CreateAsync(PoolKind kind)
    {
        await _oneAtATime.WaitAsync().ConfigureAwait(false);
        try
        {
            return await create(kind).ConfigureAwait(false);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }
}
