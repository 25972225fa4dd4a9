namespace Hearth.Agent.Spawning;

/// <summary>What a sandbox that waits for a start is ready for.</summary>
/// <param name="Program">The spawner's number for what runs in it and waits for Init; 0: nothing does, it suits each.</param>
/// <param name="MemoryMb">What that was told that it has; 0 without one.</param>
/// <param name="IsExecuted">It was not forked from a zygote.</param>
internal readonly record struct PoolKind(int Program, int MemoryMb, bool IsExecuted = false)
{
    public static readonly PoolKind Empty = new(0, 0);
}

/// <summary>
/// Sandboxes that wait for starts: empty ones, and for the runtimes and memory settings that are in use ones in which the runtime has started already. These hold nothing of any tenant:
/// the interpreter and our own client, which have said Hello and wait for Init.
/// </summary>
/// <param name="most">Of all kinds together, 0 = none.</param>
/// <param name="create">Makes one, completed when its runtime waits; throws <see cref="SpawnerException"/>.</param>
internal sealed class SandboxPools<T>(int most, Func<PoolKind, Task<T>> create, TimeProvider time, ILogger log) : IDisposable
    where T : class, ISandbox
{
    /// <summary>Whatever was started or deployed within this time has one ready.</summary>
    private static readonly TimeSpan s_keptFor = TimeSpan.FromMinutes(10);

    private const int LeastEmpty = 2, LeastWarm = 1;

    /// <summary>Runtimes and settings that are kept ready at the same time.</summary>
    private const int MostKinds = 6;

    private readonly Lock _gate = new();
    private readonly Dictionary<PoolKind, ShellPool<T>> _pools = [];
    private readonly PoolKinds _kinds = new(Math.Min(MostKinds, (most - LeastEmpty) / LeastWarm), s_keptFor, time);
    private readonly PoolRoom _room = new(most);
    private readonly SemaphoreSlim _oneAtATime = new(1);
    private bool _isOpen;
    private bool _isDisposed;

    /// <summary>The best that is ready for it, or null: then make one.</summary>
    public T? TryTake(PoolKind wanted)
    {
        if (most == 0)
            return null;
        return (wanted == PoolKind.Empty ? null : PoolOf(wanted, isExpected: false)?.TryTake()) ?? PoolOf(PoolKind.Empty, isExpected: false)?.TryTake();
    }

    /// <summary>A function of that kind may soon be started.</summary>
    public void Expect(PoolKind kind)
    {
        if (most > 0)
            PoolOf(kind, isExpected: true)?.Expect();
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
        PoolOf(PoolKind.Empty, isExpected: true);
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

    /// <summary>Null: that kind has none.</summary>
    private ShellPool<T>? PoolOf(PoolKind kind, bool isExpected)
    {
        lock (_gate)
        {
            PoolKind? replaced = null;
            if (_isDisposed || (kind != PoolKind.Empty && !_kinds.Ask(kind, isExpected, out replaced)))
                return null;
            if (replaced is { } other && _pools.Remove(other, out var leaving))
                leaving.Dispose();
            if (_pools.TryGetValue(kind, out var pool))
                return pool;
            var (least, keptFor) = kind == PoolKind.Empty ? (LeastEmpty, TimeSpan.MaxValue) : (LeastWarm, s_keptFor);
            ShellPool<T>? made = null;
            _pools[kind] = made = new ShellPool<T>(least, keptFor, () => CreateAsync(kind, () => made!.IsOpen), _room, time, log);
            // Noted before it opens: the start that asks goes before what is made for the next one.
            if (!isExpected)
                made.Begin();
            if (_isOpen)
                made.Open();
            return made;
        }
    }

    /// <summary>Interpreters start one after the other, each when the one before waits for its function. An empty sandbox is there in some milliseconds and waits for none of them.</summary>
    private async Task<T> CreateAsync(PoolKind kind, Func<bool> isWanted)
    {
        if (kind == PoolKind.Empty)
            return await create(kind).ConfigureAwait(false);
        await _oneAtATime.WaitAsync().ConfigureAwait(false);
        try
        {
            // The turn may have come long after the wish.
            if (!isWanted())
                throw new SpawnerException("nobody waits for it any more");
            return await create(kind).ConfigureAwait(false);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }
}
