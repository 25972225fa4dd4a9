using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Runtimes.Adapter;

/// <summary>What stands on a client's pipes is the function's to choose: the adapter believes it as little as the agent does.</summary>
public sealed class HostileClientTests
{
    /// <summary>Frames by hand: Hello and InitDone, then what a test says.</summary>
    private const string Client = """
        import os, struct, time
        def send(body):
            os.write(4, struct.pack("<I", len(body)) + body)
        def read():
            head = b""
            while len(head) < 4:
                head += os.read(3, 4 - len(head))
            left = struct.unpack("<I", head)[0]
            while left > 0:
                left -= len(os.read(3, min(left, 65536)))
        send(b"\x94\x01\x01\xa4evil\xa10")
        read()

        """;

    private const string Ready = "send(b'\\x91\\x03')\n";

    [Theory]
    [InlineData("send(b'\\xc1')", "a frame is not a MessagePack array")]
    [InlineData("os.write(4, b'\\xff' * 4)", "a frame of 4294967295 bytes was announced; 1 to 6357092 are allowed")]
    [InlineData("send(b'\\x93\\x05\\x01\\xc4\\x01x')", "Chunk with id 1 is not allowed while Invoking (current id 1)")]
    [InlineData("send(b'\\x94\\x06\\x07\\xc0\\xc4\\x01x')", "Response with id 7 is not allowed while Invoking (current id 1)")]
    [InlineData("send(b'\\x91\\x03')", "InitDone with id 0 is not allowed while Invoking (current id 1)")]
    [InlineData("send(b'\\x94\\x01\\x01\\xa4evil\\xa10')", "Hello with id 0 is not allowed while Invoking (current id 1)")]
    [InlineData("os.close(4)", "it closed its response pipe")]
    public async Task Who_breaks_the_protocol_is_ended_and_its_caller_told(string line, string cause)
    {
        await using var sandbox = Start($"{Ready}read()\n{line}\ntime.sleep(60)\n").Ready();
        var answer = Assert.Single(await sandbox.InvokeAsync("1"));
        Assert.Equal((FrameKind.Error, "Runtime.ExitError", true), (answer.Kind, answer.ErrorType, answer.IsFatal));
        Assert.Equal($"RequestId: {RuntimeProcess.Header().RequestId} Error: Runtime was stopped because it broke the protocol: {cause}", answer.Message);
        sandbox.Process.WaitForExit();
    }

    [Fact]
    public async Task An_answer_to_an_event_that_was_not_read_whole_is_none()
    {
        await using var sandbox = Start($"{Ready}os.read(3, 4)\nsend(b'\\x94\\x06\\x01\\xc0\\xc4\\x01x')\ntime.sleep(60)\n").Ready();
        var answer = Assert.Single(await sandbox.InvokeAsync(new byte[4_000_000]));
        Assert.EndsWith("it answered before it had read the whole event", answer.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("send(b'\\x94\\x06\\x01\\xc0\\xc4\\x01x')")]
    [InlineData("os.write(4, b'\\x05')")]
    public async Task Who_speaks_unasked_gets_no_event(string line)
    {
        await using var sandbox = Start($"{Ready}{line}\ntime.sleep(60)\n");
        // It may have been heard before InitDone was passed on, or after.
        Assert.Equal(1, sandbox.Process.WaitForExit());
    }

    [Fact]
    public async Task A_flood_before_init_ends_the_sandbox()
    {
        await using var sandbox = Start("while True: os.write(4, b'\\x05\\0\\0\\0' + b'x' * 65536)\n");
        Assert.Equal((FrameKind.Error, "Runtime.ExitError"), (sandbox.Initialized!.Kind, sandbox.Initialized.ErrorType));
        Assert.StartsWith("Runtime was stopped because it broke the protocol: ", sandbox.Initialized.Cause, StringComparison.Ordinal);
    }

    /// <summary>It takes a Done of its own for needed; the agent hears of none, as there are no extensions.</summary>
    [Fact]
    public async Task A_client_that_claims_extensions_has_none()
    {
        await using var sandbox = Start("""
            send(b'\x92\x03\xcd\x07\xd0')
            for i in range(1, 4):
                read()
                send(b'\x94\x06' + bytes((i,)) + b'\xc0\xc4\x01x')
                time.sleep(0.05)
                send(b'\x92\x0b' + bytes((i,)))
            time.sleep(60)
            """).Ready();
        Assert.Equal(0, sandbox.Initialized!.ShutdownMs);
        for (uint i = 1; i <= 3; i++)
            Assert.Equal((FrameKind.Response, i, "x"), Assert.Single(await sandbox.InvokeAsync("1")) is var answer ? (answer.Kind, answer.Id, answer.Text) : default);
    }

    /// <summary>Both would wait for ever if the adapter waited for one of them.</summary>
    [Fact]
    public async Task A_client_that_prints_much_before_it_reads_its_event_gets_it()
    {
        await using var sandbox = Start($"{Ready}time.sleep(0.2)\nos.write(1, b'y' * 3000000)\nread()\nsend(b'\\x94\\x06\\x01\\xc0\\xc4\\x01x')\ntime.sleep(60)\n").Ready();
        Assert.Equal("x", Assert.Single(await sandbox.InvokeAsync(new byte[4_000_000])).Text);
    }

    [Fact]
    public async Task What_a_client_has_not_read_when_it_dies_goes_to_the_next_one()
    {
        await using var sandbox = Start($"{Ready}os.read(3, 4)\nos._exit(0)\n").Ready();
        var answer = Assert.Single(await sandbox.InvokeAsync(new byte[4_000_000]));
        Assert.Equal((FrameKind.Error, FrameLimits.NotTaken, true), (answer.Kind, answer.ErrorType, answer.IsFatal));
        Assert.Equal(0, sandbox.Process.WaitForExit());
    }

    /// <summary>An extension has the function's user: it can do on the pipes what the function itself can, and so no more.</summary>
    [Fact]
    public async Task An_extension_that_writes_into_the_clients_pipe_ends_its_own_sandbox()
    {
        await using var sandbox = ClientSandbox.OfPython("def handler(event, context):\n    import time\n    time.sleep(60)\n", ClientSandbox.Extension("""
            for pid in os.listdir("/proc"):
                    try:
                        if pid.isdigit() and b"bootstrap.py" in open(f"/proc/{pid}/cmdline", "rb").read() and b"hearth-adapter" not in open(f"/proc/{pid}/cmdline", "rb").read() and os.path.samefile(f"/proc/{pid}/cwd", "."):
                            os.write(os.open(f"/proc/{pid}/fd/63", os.O_WRONLY), b"\xff" * 8)
                    except OSError:
                        pass
            """)).Ready();
        var answer = Assert.Single(await sandbox.InvokeAsync("1"));
        Assert.Equal((FrameKind.Error, "Runtime.ExitError", true), (answer.Kind, answer.ErrorType, answer.IsFatal));
        Assert.Contains("broke the protocol: a frame of 4294967295 bytes", answer.Message, StringComparison.Ordinal);
    }

    private static ClientSandbox Start(string lines)
    {
        RuntimeLanguage.Python.SkipWhenMissing();
        return ClientSandbox.Start(["/usr/bin/python3", "-c", Client + lines], "x", []);
    }
}
