using Hearth.Bench.Load.Measuring;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Protocol;
using Hearth.Wire;
using Tmds.Linux;

namespace Hearth.Bench.Load.Sandboxes;

/// <summary>Makes and removes sandboxes through a spawner, with all that a function's one has.</summary>
internal sealed unsafe class SandboxCycles(SpawnerConnection spawner)
{
    private const int MemoryMb = 128, TmpMb = 512;
    private ulong _lastSandbox;

    /// <returns>Nanoseconds from the request to the answer that it is ready, and to the answer that nothing of it is left.</returns>
    public (long Ready, long Whole) Empty()
    {
        Span<int> descriptors = stackalloc int[16];
        var began = Clock.Now;
        var id = Create(descriptors, out var count);
        var ready = Clock.Now;
        SpawnerConnection.Close(descriptors[..count]);
        Destroy(id);
        return (ready - began, Clock.Now - began);
    }

    /// <returns>Nanoseconds from the request to the runtime's first frame, and to the answer that nothing is left.</returns>
    public (long Ready, long Whole) Python(byte[] code)
    {
        Span<int> descriptors = stackalloc int[16];
        Span<int> pipes = stackalloc int[16];
        var began = Clock.Now;
        var id = Create(descriptors, out var count);
        var pipeCount = Claim(id, code, pipes);
        AwaitHello(pipes[1]);
        var ready = Clock.Now;
        SpawnerConnection.Close(descriptors[..count]);
        SpawnerConnection.Close(pipes[..pipeCount]);
        Destroy(id);
        return (ready - began, Clock.Now - began);
    }

    /// <summary>As a start does that finds an empty sandbox ready: its making and its end are not counted.</summary>
    /// <returns>Nanoseconds from the claim to the answer with the pipes, and to the runtime's first frame.</returns>
    public (long Ready, long Whole) ClaimedPython(byte[] code)
    {
        Span<int> descriptors = stackalloc int[16];
        Span<int> pipes = stackalloc int[16];
        var id = Create(descriptors, out var count);
        Thread.Sleep(5);
        var began = Clock.Now;
        var pipeCount = Claim(id, code, pipes);
        var started = Clock.Now;
        AwaitHello(pipes[1]);
        var hello = Clock.Now;
        SpawnerConnection.Close(descriptors[..count]);
        SpawnerConnection.Close(pipes[..pipeCount]);
        Destroy(id);
        return (started - began, hello - began);
    }

    /// <summary>Whole cycles of empty sandboxes, so many under way at any moment, all driven by this thread.</summary>
    /// <param name="until">Clock.Now at which no new one begins.</param>
    public int Parallel(int creators, long until, CancellationToken cancelled)
    {
        Span<int> descriptors = stackalloc int[16];
        var done = 0;
        for (var i = 0; i < creators; i++)
            BeginCreate();
        for (var underWay = creators; underWay > 0;)
        {
            var answer = spawner.Receive(descriptors, out var count);
            SpawnerConnection.Close(descriptors[..count]);
            if (answer.Kind != AnswerKind.Reply)
                continue;
            SpawnerConnection.Check(answer);
            if (count > 0)
            {
                BeginDestroy(answer.SandboxId);
                continue;
            }

            done++;
            if (Clock.Now < until && !cancelled.IsCancellationRequested)
                BeginCreate();
            else
                underWay--;
        }

        return done;
    }

    private ulong Create(Span<int> descriptors, out int count)
    {
        var tag = BeginCreate();
        count = spawner.AwaitReply(tag, descriptors);
        return _lastSandbox;
    }

    private int Claim(ulong id, byte[] code, Span<int> pipes)
    {
        var claim = new ClaimRequest { Header = spawner.Header(RequestKind.Claim, id), Runtime = 1, MemoryMb = MemoryMb, TmpMb = TmpMb };
        code.CopyTo(new Span<byte>(claim.Code, SpawnerProtocol.HashLength));
        spawner.Send(ref claim);
        return spawner.AwaitReply(claim.Header.Tag, pipes);
    }

    private uint BeginCreate()
    {
        var create = new CreateRequest { Header = spawner.Header(RequestKind.Create, ++_lastSandbox), MemoryMb = MemoryMb, TmpMb = TmpMb };
        spawner.Send(ref create);
        return create.Header.Tag;
    }

    private void Destroy(ulong id)
    {
        Span<int> none = stackalloc int[16];
        spawner.AwaitReply(BeginDestroy(id), none);
    }

    private uint BeginDestroy(ulong id)
    {
        var destroy = spawner.Header(RequestKind.Destroy, id);
        spawner.Send(ref destroy);
        return destroy.Tag;
    }

    private static void AwaitHello(int responses)
    {
        using var parser = new FrameParser();
        while (true)
        {
            var poll = new pollfd { fd = responses, events = 1 /* POLLIN */ };
            if (Kernel.Poll(&poll, 1, 10_000) <= 0)
                throw new BenchException("the Python runtime said nothing for 10 s");
            int read;
            fixed (byte* buffer = parser.GetBuffer())
                read = Kernel.Read(responses, buffer, 4096);
            if (read <= 0)
                throw new BenchException("the Python runtime ended before its first frame; does /usr/bin/python3 run?");
            parser.Advance(read);
            if (!parser.TryRead(out var body))
                continue;
            var frame = RuntimeFrame.Parse(body, 0);
            if (frame.Kind != FrameKind.Hello)
                throw new BenchException($"the Python runtime began with {frame.Kind}");
            return;
        }
    }
}
