using Hearth.Sandbox.Cgroups;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Protocol;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Agent.Spawning;

/// <summary>A sandbox of the real spawner. Freezing, killing and accounting go straight to its cgroup's files, without a hop.</summary>
internal sealed class SpawnedSandbox : ISandbox
{
    /// <summary>A reset that takes longer costs more than a new sandbox; this bounds what a caller waits for it on a loaded machine.</summary>
    private static readonly TimeSpan ResetLimit = TimeSpan.FromSeconds(1);

    private readonly SpawnerClient _spawner;
    private readonly SafeFileHandle[] _shell;
    private readonly Lock _gate = new();
    private SafeFileHandle[] _pipes = [];
    private TaskCompletionSource<RuntimeExit> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private uint _generation;
    private (uint Generation, int Status, bool OutOfMemory)? _earlyExit;
    private bool _lost;
    private bool _lostOutOfMemory;
    private Task? _destroyed;

    public SpawnedSandbox(SpawnerClient spawner, ulong id, IReadOnlyList<System.Runtime.InteropServices.SafeHandle> shell)
    {
        _spawner = spawner;
        Id = id;
        _shell = [.. shell.Cast<SafeFileHandle>()];
    }

    public ulong Id { get; }

    public SafeFileHandle Requests => _pipes[0];

    public SafeFileHandle Responses => _pipes[1];

    public SafeFileHandle Logs => _pipes[2];

    public Task<RuntimeExit> Exited
    {
        get
        {
            lock (_gate)
                return _exited.Task;
        }
    }

    /// <summary>Its pipes are there.</summary>
    internal bool HasRuntime
    {
        get
        {
            lock (_gate)
                return _pipes.Length > 0;
        }
    }

    /// <summary>Its init ended, and everything in it.</summary>
    internal bool IsLost
    {
        get
        {
            lock (_gate)
                return _lost;
        }
    }

    public async Task ResetAsync(CancellationToken cancellationToken)
    {
        var reset = _spawner.ResetAsync(Id);
        try
        {
            var reply = await reset.WaitAsync(ResetLimit, cancellationToken).ConfigureAwait(false);
            DisposePipes();
            RuntimeStarted(reply);
        }
        catch (TimeoutException)
        {
            _ = reset.ContinueWith(late => SpawnerReply.Dispose(late.Result.Descriptors), CancellationToken.None, TaskContinuationOptions.OnlyOnRanToCompletion, TaskScheduler.Default);
            throw new SpawnerException($"reset of sandbox {Id}: took more than {ResetLimit.TotalMilliseconds:0} ms");
        }
    }

    public void Freeze() => Write(ShellFd.Freeze, (byte)'1');

    public void Thaw() => Write(ShellFd.Freeze, (byte)'0');

    public SandboxStats ReadStats()
    {
        lock (_gate)
        {
            if (_destroyed is not null)
                return default;
            return new SandboxStats(
                Math.Max(0, CgroupReader.ReadLong(Fd(ShellFd.MemoryCurrent))),
                Math.Max(0, CgroupReader.ReadLong(Fd(ShellFd.MemoryPeak))),
                Math.Max(0, CgroupReader.ReadCpuUsec(Fd(ShellFd.CpuStat))),
                Math.Max(0, CgroupReader.ReadOomKills(Fd(ShellFd.Oom))));
        }
    }

    public long ReadMemoryPeakBytes()
    {
        lock (_gate)
            return _destroyed is null ? Math.Max(0, CgroupReader.ReadLong(Fd(ShellFd.MemoryPeak))) : 0;
    }

    public Task DestroyAsync()
    {
        lock (_gate)
            return _destroyed ??= DestroyOnceAsync();
    }

    internal void RuntimeStarted(SpawnerReply reply)
    {
        lock (_gate)
        {
            _pipes = [.. reply.Descriptors.Cast<SafeFileHandle>()];
            _generation = reply.Generation;
            if (reply.Generation > 1)
            {
                // A reset: whoever still waits for the runtime before learns that it was killed.
                _exited.TrySetResult(new RuntimeExit(0, 9, OutOfMemory: false, SandboxLost: false));
                _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            if (_lost)
                _exited.TrySetResult(new RuntimeExit(0, 9, _lostOutOfMemory, SandboxLost: true));
            else if (_earlyExit is { } early && early.Generation == _generation)
                Complete(early.Status, early.OutOfMemory);
        }
    }

    /// <param name="generation">Which runtime of this sandbox ended: one from before a reset is no news.</param>
    internal void RuntimeEnded(uint generation, int status, bool outOfMemory)
    {
        lock (_gate)
        {
            if (generation == _generation)
                Complete(status, outOfMemory);
            else if (generation > _generation)
                _earlyExit = (generation, status, outOfMemory); // the answer that started it has not been taken up yet
        }
    }

    /// <summary>The spawner is gone and has taken the sandbox along; or it does not answer, and what runs here must not go on unwatched.</summary>
    internal void Abandon()
    {
        Write(ShellFd.Kill, (byte)'1');
        Lost(outOfMemory: false);
    }

    internal void Lost(bool outOfMemory)
    {
        lock (_gate)
        {
            _lost = true;
            _lostOutOfMemory = outOfMemory;
            _exited.TrySetResult(new RuntimeExit(0, 9, outOfMemory, SandboxLost: true));
        }
    }

    /// <summary>wait(2): the low seven bits are the signal, the next byte the exit code.</summary>
    private void Complete(int status, bool outOfMemory) =>
        _exited.TrySetResult(new RuntimeExit((status & 0x7f) == 0 ? (status >> 8) & 0xff : 0, status & 0x7f, outOfMemory, SandboxLost: false));

    private async Task DestroyOnceAsync()
    {
        await Task.Yield();
        await _spawner.DestroyAsync(Id).ConfigureAwait(false);
        lock (_gate)
        {
            _exited.TrySetResult(new RuntimeExit(0, 9, OutOfMemory: false, SandboxLost: true));
            SpawnerReply.Dispose(_shell);
        }

        DisposePipes();
    }

    private void DisposePipes()
    {
        foreach (var pipe in _pipes)
            pipe.Dispose();
    }

    private int Fd(ShellFd which) => (int)_shell[(int)which].DangerousGetHandle();

    private unsafe void Write(ShellFd which, byte value)
    {
        lock (_gate)
        {
            if (_destroyed is null)
                Kernel.Write(Fd(which), &value, 1);
        }
    }
}
