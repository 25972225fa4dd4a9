using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;

namespace Hearth.Agent.Spawning;

/// <summary>
/// <see cref="ISpawner"/> over the spawner's socket. One thread waits for answers; it connects again, with back-off, when the spawner went away or is stuck: a
/// spawner that has said nothing for a while is asked for its status, and one that does not answer that is given up. All sandboxes of a lost connection are dead:
/// the spawner takes them with it, and until it does the agent kills them itself.
/// </summary>
public sealed partial class SpawnerClient : ISpawner, IDisposable
{
    /// <summary>More than the spawner gives a sandbox's init (10 s).</summary>
    private static readonly TimeSpan s_answerLimit = TimeSpan.FromSeconds(15);

    /// <summary>What an empty sandbox is made with; whoever claims it brings its own.</summary>
    private const int LeastMemoryMb = 128, LeastTmpMb = 512;

    private readonly string _path;
    private readonly TimeSpan _limit;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<uint, TaskCompletionSource<SpawnerReply>> _waiting = new();
    private readonly ConcurrentDictionary<ulong, SpawnedSandbox> _sandboxes = new();
    private readonly SandboxPools<SpawnedSandbox> _pools;
    private readonly TaskCompletionSource<string> _firstHello = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile SpawnerSocket? _socket;
    private volatile bool _connected;
    private volatile bool _disposed;
    private uint _lastTag;
    private ulong _lastSandbox = BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(8));

    /// <param name="answerLimit">After which a request is given up, and a silent spawner too. Default 15 s.</param>
    /// <param name="pooled">Sandboxes kept ready for starts to come, at most.</param>
    public SpawnerClient(string socketPath, ILogger log, TimeSpan? answerLimit = null, int pooled = 0)
    {
        _pools = new SandboxPools<SpawnedSandbox>(pooled, CreateAsync, TimeProvider.System, log);
        _path = socketPath;
        _limit = answerLimit ?? s_answerLimit;
        _log = log;
        new Thread(Run) { IsBackground = true, Name = "spawner" }.Start();
    }

    public bool IsConnected => _connected;

    /// <summary>"v2" or "hybrid", once the spawner has said so.</summary>
    public Task<string> CgroupMode => _firstHello.Task;

    public async Task<ISandbox> StartAsync(SandboxSpec spec, CancellationToken cancellationToken)
    {
        // Whose runtime is the adapter's child has none that waits: an empty sandbox suits it.
        var kind = spec.BehindAdapter ? PoolKind.Empty : new PoolKind(Program(spec.Runtime, spec.Interpreter), spec.MemoryMb, spec.IsExecuted);
        if (_pools.TryTake(kind) is { } ready)
        {
            try
            {
                return await ClaimAsync(ready, spec).ConfigureAwait(false);
            }
            catch (SpawnerException e) when (_connected && (ready.IsLost || e.IsZygotes))
            {
                // It ended while it waited to be claimed, or with a zygote: no fault of this start.
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await ClaimAsync(await CreateAsync(spec.MemoryMb, spec.TmpMb, spec.HardCpuCap).ConfigureAwait(false), spec).ConfigureAwait(false);
        }
        catch (SpawnerException e) when (_connected && e.IsZygotes)
        {
            return await ClaimAsync(await CreateAsync(spec.MemoryMb, spec.TmpMb, spec.HardCpuCap).ConfigureAwait(false), spec with { IsExecuted = true }).ConfigureAwait(false);
        }
    }

    public void Expect(RuntimeKind runtime, int interpreter, int memoryMb) => _pools.Expect(new PoolKind(Program(runtime, interpreter), memoryMb));

    /// <summary>One that waits for whatever comes.</summary>
    private async Task<SpawnedSandbox> CreateAsync(PoolKind kind)
    {
        // No cap on its CPU before it is claimed: it would only start slower.
        var sandbox = await CreateAsync(kind.MemoryMb == 0 ? LeastMemoryMb : kind.MemoryMb, LeastTmpMb, hardCpuCap: false).ConfigureAwait(false);
        if (kind == PoolKind.Empty)
            return sandbox;
        try
        {
            var warm = new WarmRequest { Header = Header(RequestKind.Warm, sandbox.Id), Runtime = kind.Program, MemoryMb = kind.MemoryMb, IsExecuted = kind.IsExecuted ? 1 : 0 };
            sandbox.RuntimeStarted(Whole(await AskAsync(warm.Header.Tag, ref warm).ConfigureAwait(false), SpawnerProtocol.PipeFdCount));
            if (!await RuntimeHello.WaitAsync(sandbox, TimeProvider.System).ConfigureAwait(false))
                throw new SpawnerException($"runtime {kind.Program} ended before it said Hello");
            return sandbox;
        }
        catch
        {
            await sandbox.DestroyAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>An empty sandbox.</summary>
    private async Task<SpawnedSandbox> CreateAsync(int memoryMb, int tmpMb, bool hardCpuCap)
    {
        var id = NextSandbox();
        var create = new CreateRequest { Header = Header(RequestKind.Create, id), MemoryMb = memoryMb, TmpMb = tmpMb, HardCpuCap = hardCpuCap ? 1 : 0 };
        SpawnerReply shell;
        try
        {
            shell = Whole(await AskAsync(create.Header.Tag, ref create).ConfigureAwait(false), SpawnerProtocol.ShellFdCount);
        }
        catch (SpawnerException) when (_connected)
        {
            // Perhaps only late, or not whole: what comes of it must not stay.
            _ = DestroyAsync(id);
            throw;
        }

        var sandbox = new SpawnedSandbox(this, id, shell.Descriptors);
        _sandboxes[id] = sandbox;
        return sandbox;
    }

    private async Task<ISandbox> ClaimAsync(SpawnedSandbox sandbox, SandboxSpec spec)
    {
        try
        {
            var claim = ClaimOf(sandbox.Id, spec);
            // A warm one has its pipes already.
            var isWarm = sandbox.HasRuntime;
            var pipes = Whole(await AskAsync(claim.Header.Tag, ref claim).ConfigureAwait(false), isWarm ? 0 : SpawnerProtocol.PipeFdCount);
            if (!isWarm)
                sandbox.RuntimeStarted(pipes);
            return sandbox;
        }
        catch
        {
            await sandbox.DestroyAsync().ConfigureAwait(false);
            throw;
        }
    }

    internal async Task<SpawnerReply> ResetAsync(ulong id)
    {
        var header = Header(RequestKind.Reset, id);
        return Whole(await AskAsync(header.Tag, ref header).ConfigureAwait(false), SpawnerProtocol.PipeFdCount);
    }

    /// <summary>The kernel drops the descriptors that a process has no more numbers for: without them a sandbox is of no use, and whoever asked destroys it.</summary>
    private static SpawnerReply Whole(SpawnerReply reply, int descriptors)
    {
        if (reply.Descriptors.Length == descriptors)
            return reply;
        SpawnerReply.Dispose(reply.Descriptors);
        throw new SpawnerException($"{reply.Descriptors.Length} of {descriptors} descriptors of a sandbox have come: the agent may not open more files (LimitNOFILE=, ulimit -Hn)");
    }

    internal async Task DestroyAsync(ulong id)
    {
        try
        {
            var header = Header(RequestKind.Destroy, id);
            await AskAsync(header.Tag, ref header).ConfigureAwait(false);
        }
        catch (SpawnerException)
        {
            // The spawner does not know it any more, or is gone and has taken it along.
        }
        finally
        {
            _sandboxes.TryRemove(id, out _);
        }
    }

    private static int Program(RuntimeKind runtime, int interpreter) => interpreter != 0 ? interpreter : (int)runtime;

    private unsafe ClaimRequest ClaimOf(ulong id, SandboxSpec spec)
    {
        if (spec.CodeSha256.Length != SpawnerProtocol.HashLength || spec.Layers.Count > SpawnerProtocol.MaxLayers)
            throw new ArgumentException("a code hash has 32 bytes, and there are at most 5 layers", nameof(spec));
        var claim = new ClaimRequest
        {
            Header = Header(RequestKind.Claim, id),
            Runtime = Program(spec.Runtime, spec.Interpreter),
            LayerCount = spec.Layers.Count,
            MemoryMb = spec.MemoryMb,
            TmpMb = spec.TmpMb,
            HardCpuCap = spec.HardCpuCap ? 1 : 0,
            IsExecuted = spec.IsExecuted ? 1 : 0,
            BehindAdapter = spec.BehindAdapter ? 1 : 0,
        };
        spec.CodeSha256.Span.CopyTo(new Span<byte>(claim.Code, SpawnerProtocol.HashLength));
        for (var i = 0; i < spec.Layers.Count; i++)
            spec.Layers[i].Span.CopyTo(new Span<byte>(claim.Layers + (i * SpawnerProtocol.HashLength), SpawnerProtocol.HashLength));
        return claim;
    }

    /// <summary>Begins at a random number: ids appear in the names of cgroups, and nobody should know the next one.</summary>
    private ulong NextSandbox()
    {
        ulong id;
        do
        {
            id = Interlocked.Increment(ref _lastSandbox) & RequestHeader.MaxSandboxId;
        }
        while (id == 0);
        return id;
    }

    private RequestHeader Header(RequestKind kind, ulong sandbox) =>
        new() { Version = SpawnerProtocol.Version, Kind = kind, Tag = Interlocked.Increment(ref _lastTag), SandboxId = sandbox };

    private Task<SpawnerReply> AskAsync<T>(uint tag, ref T request)
        where T : unmanaged
    {
        var answer = new TaskCompletionSource<SpawnerReply>(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting[tag] = answer;
        var socket = _socket;
        if (socket is null || !_connected || !socket.Send(ref request))
        {
            _waiting.TryRemove(tag, out _);
            answer.TrySetException(Gone());
        }
        else if (!ReferenceEquals(socket, _socket) && _waiting.TryRemove(tag, out _))
        {
            // Lost between the look and the send: the sweep of waiting requests may have been before this one.
            answer.TrySetException(Gone());
        }

        return WithinLimitAsync(tag, answer.Task);
    }

    private async Task<SpawnerReply> WithinLimitAsync(uint tag, Task<SpawnerReply> answer)
    {
        try
        {
            return await answer.WaitAsync(_limit).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // Whoever takes it out of the table owns it: an answer that came at the last moment is taken after all.
            if (!_waiting.TryRemove(tag, out _))
                return await answer.ConfigureAwait(false);
            throw new SpawnerException($"the spawner at {_path} has not answered within {_limit.TotalSeconds:0.#} s; is it stopped, or the machine's disk stuck? (see its process's state)");
        }
    }

    private SpawnerException Gone() => new($"the spawner at {_path} is away; it is started again by hearth up or systemd");

    private void Run()
    {
        var delay = 20;
        while (!_disposed)
        {
            try
            {
                using var socket = SpawnerSocket.Connect(_path, _limit, _limit / 5);
                delay = 20;
                Converse(socket);
            }
            catch (LinuxException e)
            {
                if (delay == 20)
                    SpawnerUnreachable(_log, e.Message);
            }

            LoseAll();
            if (_disposed)
                return;
            Thread.Sleep(delay);
            delay = Math.Min(delay * 2, 500);
        }
    }

    private void Converse(SpawnerSocket socket)
    {
        var hello = Header(RequestKind.Hello, 0);
        Span<int> descriptors = stackalloc int[16];
        if (!socket.Send(ref hello) || !Await(socket, hello.Tag, out var mode) || mode.Error != 0)
            return;
        _socket = socket;
        _connected = true;
        _firstHello.TrySetResult(mode.Value == 1 ? "v2" : "hybrid");
        _pools.Open();
        uint status = 0;
        long asked = 0;
        while (!_disposed)
        {
            switch (socket.Receive(out var answer, descriptors, out var count))
            {
                case Received.End:
                    return;
                case Received.Answer:
                    status = 0; // it speaks, whatever it says
                    Deliver(answer, descriptors[..count]);
                    break;
                case Received.Silence when status == 0:
                    var question = Header(RequestKind.Status, 0);
                    (status, asked) = (question.Tag, Stopwatch.GetTimestamp());
                    if (!socket.Send(ref question))
                        return;
                    break;
                case Received.Silence when Stopwatch.GetElapsedTime(asked) > _limit:
                    SpawnerStuck(_log, _limit.TotalSeconds);
                    return;
            }
        }
    }

    private bool Await(SpawnerSocket socket, uint tag, out Answer answer)
    {
        Span<int> descriptors = stackalloc int[16];
        var began = Stopwatch.GetTimestamp();
        Received received;
        do
        {
            received = socket.Receive(out answer, descriptors, out _);
        }
        while (received == Received.Silence && !_disposed && Stopwatch.GetElapsedTime(began) < _limit);
        if (received == Received.Silence)
            SpawnerStuck(_log, _limit.TotalSeconds);
        return received == Received.Answer && answer.Tag == tag;
    }

    private void Deliver(in Answer answer, ReadOnlySpan<int> descriptors)
    {
        switch (answer.Kind)
        {
            case AnswerKind.Reply:
                var owned = SpawnerReply.Own(descriptors);
                if (_waiting.TryRemove(answer.Tag, out var waiting))
                {
                    if (answer.Error == 0 && waiting.TrySetResult(new SpawnerReply(answer.Generation, owned)))
                        break;
                    waiting.TrySetException(new SpawnerException($"{SetupSteps.Describe(answer.Step)}: {Errno.Describe(answer.Error)}") { IsZygotes = answer.Step == SetupStep.ZygoteFork });
                }

                SpawnerReply.Dispose(owned);
                break;
            case AnswerKind.RuntimeExited when _sandboxes.TryGetValue(answer.SandboxId, out var sandbox):
                sandbox.RuntimeEnded(answer.Generation, answer.Value, (answer.Flags & Answer.FlagOutOfMemory) != 0);
                break;
            case AnswerKind.SandboxLost when _sandboxes.TryGetValue(answer.SandboxId, out var sandbox):
                sandbox.Lost((answer.Flags & Answer.FlagOutOfMemory) != 0);
                break;
        }
    }

    private void LoseAll()
    {
        _connected = false;
        _socket = null;
        // Before the pools let go of theirs: of a sandbox that is let go nobody writes to the group any more.
        foreach (var id in _sandboxes.Keys)
        {
            if (_sandboxes.TryRemove(id, out var sandbox))
                sandbox.Abandon();
        }

        _pools.Close();
        foreach (var tag in _waiting.Keys)
        {
            if (_waiting.TryRemove(tag, out var waiting))
                waiting.TrySetException(Gone());
        }
    }

    public void Dispose()
    {
        _disposed = true;
        _pools.Dispose();
        _socket?.Shutdown();
    }

    [LoggerMessage(EventId = 100, Level = LogLevel.Warning, Message = "spawner not reachable, trying on: {Reason}")]
    private static partial void SpawnerUnreachable(ILogger log, string reason);

    [LoggerMessage(EventId = 101, Level = LogLevel.Error, Message = "the spawner has not answered for {Seconds:0.#} s: its sandboxes are given up, connecting again")]
    private static partial void SpawnerStuck(ILogger log, double seconds);
}

/// <summary>The spawner's answer to one request, with the descriptors that came along.</summary>
internal readonly record struct SpawnerReply(uint Generation, SafeHandle[] Descriptors)
{
    public static Microsoft.Win32.SafeHandles.SafeFileHandle[] Own(ReadOnlySpan<int> descriptors)
    {
        var handles = new Microsoft.Win32.SafeHandles.SafeFileHandle[descriptors.Length];
        for (var i = 0; i < handles.Length; i++)
            handles[i] = new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptors[i], ownsHandle: true);
        return handles;
    }

    public static void Dispose(SafeHandle[] handles)
    {
        foreach (var handle in handles)
            handle.Dispose();
    }
}
