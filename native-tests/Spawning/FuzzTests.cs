using System.Runtime.InteropServices;
using Hearth.NativeTests.Harness;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Protocol;
using Xunit;

namespace Hearth.NativeTests.Spawning;

/// <summary>The agent parses what strangers send; should one of them take it over, the spawner is what stands between them and root.</summary>
[Collection(SpawningCollection.Name)]
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Garbage = 10_000, ValidLooking = 20_000;

    [Fact]
    public async Task Packets_of_any_shape_leave_it_serving_and_nothing_open()
    {
        await using var spawner = await SpawnerProcess.StartAsync(SpawnerProcess.IdleTenant);
        var random = new Random(20260101);
        var before = await SettledDescriptorsAsync(spawner);
        var (sent, tries) = (0, 0);
        while (sent < Garbage)
        {
            // Each ends its connection, and may come before the one before it is gone: then it is turned away. How many are, the two processes' speeds decide.
            Assert.True(++tries < 100 * Garbage, $"only {sent} of {tries} were sent");
            using var connection = SpawnerConnection.TryOpen(spawner.Data);
            var packet = new byte[random.Next(4) == 0 ? random.Next(4096) : random.Next(40)];
            random.NextBytes(packet);
            sent += connection?.Send(packet, []) == 0 ? 1 : 0;
        }

        output.WriteLine($"{sent} garbage packets on as many of {tries} connections");
        SpawnerConnection agent = await spawner.ConnectAsync();
        var answers = 0;
        for (var i = 0; i < ValidLooking; i++)
        {
            if (agent.Send(ValidLookingPacket(random), []) == 0 && agent.Drain())
            {
                answers++;
                continue;
            }

            agent.Dispose();
            agent = await spawner.ConnectAsync();
        }

        output.WriteLine($"{answers} valid-looking requests");
        Assert.True(answers > ValidLooking / 2, $"only {answers} of {ValidLooking} were taken");
        agent.Dispose();
        await AssertServesAsync(spawner);
        Assert.Equal(before, await SettledDescriptorsAsync(spawner));
    }

    [Fact]
    public async Task Descriptors_sent_along_are_not_kept()
    {
        await using var spawner = await SpawnerProcess.StartAsync(SpawnerProcess.IdleTenant);
        var before = await SettledDescriptorsAsync(spawner);
        var (reader, writer) = Pipe();
        using var agent = await spawner.ConnectAsync();
        var refused = 0;
        foreach (var count in (int[])[1, 2, 12, 16])
        {
            var header = agent.Header(RequestKind.Status, 0);
            var result = agent.Send(MemoryMarshal.AsBytes(new ReadOnlySpan<RequestHeader>(in header)), [.. Enumerable.Repeat(writer, count)]);
            Assert.True(result is 0 or -Errno.EPERM, $"errno {-result}");
            refused += result == 0 ? 0 : 1;
        }

        output.WriteLine($"{refused} of 4 refused by the kernel (SO_PASSRIGHTS)");
        if (Environment.OSVersion.Version >= new Version(6, 16))
            Assert.Equal(4, refused);
        Assert.Equal(0u, agent.Status().Sandboxes);
        Kernel.Close(writer);

        // The end of the pipe comes when nobody holds its other end any more, in a process or in a queue.
        Assert.Equal(0, ReadOne(reader));
        Kernel.Close(reader);
        agent.Dispose();
        Assert.Equal(before, await SettledDescriptorsAsync(spawner));
    }

    [Fact]
    public async Task An_agent_that_asks_and_never_reads_loses_its_connection_and_holds_nobody_up()
    {
        await using var spawner = await SpawnerProcess.StartAsync(SpawnerProcess.IdleTenant);
        var before = await SettledDescriptorsAsync(spawner);
        using (var flood = await spawner.ConnectAsync())
        {
            var result = 0;
            await Patience.UntilAsync("the spawner ends the connection", () =>
            {
                for (var i = 0; i < 1000 && result is 0 or -Errno.EAGAIN; i++)
                    result = flood.Send(flood.Header(RequestKind.Status, 0));
                return result is not (0 or -Errno.EAGAIN);
            });
            Assert.Contains(result, (int[])[-Errno.EPIPE, -Errno.ECONNRESET]);
        }

        await AssertServesAsync(spawner);
        Assert.Equal(before, await SettledDescriptorsAsync(spawner));
    }

    [Fact]
    public async Task Sandboxes_of_an_agent_that_is_gone_are_nobodys()
    {
        await using var spawner = await SpawnerProcess.StartAsync(SpawnerProcess.IdleTenant);
        using (var first = await spawner.ConnectAsync())
        {
            // One after the other: of a hundred that begin at once on a busy machine some are not ready in time, and are gone already.
            for (ulong id = 1; id <= 101; id++)
            {
                var made = first.Ask(first.CreateOf(id));
                Assert.Equal(0, made?.Answer.Error);
                SpawnerConnection.Close(made!.Value.Descriptors);
            }

            Assert.Equal(101u, first.Status().Sandboxes);
        }

        // At once, while they are on their way out in batches.
        using var second = await spawner.ConnectAsync();
        for (ulong id = 1; id <= 101; id++)
        {
            Assert.Equal(Errno.ESRCH, second.Ask(second.ClaimOf(id))?.Answer.Error);
            Assert.Equal(Errno.ESRCH, second.Ask(second.Header(RequestKind.Reset, id))?.Answer.Error);
            Assert.Equal(Errno.ESRCH, second.Ask(second.Header(RequestKind.Destroy, id))?.Answer.Error);
        }

        Assert.Equal(Errno.ESRCH, second.Ask(second.ClaimOf(long.MaxValue))?.Answer.Error);
        Assert.Equal(Errno.EINVAL, second.Ask(second.CreateOf(0))?.Answer.Error);
        Assert.Equal(Errno.EINVAL, second.Ask(second.CreateOf(ulong.MaxValue))?.Answer.Error);
        await Patience.UntilAsync("all are gone", () => second.Status().Sandboxes == 0);
    }

    [Fact]
    public async Task Another_user_is_turned_away_even_where_the_files_mode_lets_it_pass()
    {
        Needs.Program("/usr/bin/setpriv", "util-linux");
        Needs.Program("/usr/bin/python3", "python3");
        await using var spawner = await SpawnerProcess.StartAsync(SpawnerProcess.IdleTenant);
        const string dial = "import socket, sys\ns = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)\ns.connect(sys.argv[1])\ntry:\n  s.send(bytes(16)); s.settimeout(30)\n  print('answer' if s.recv(64) else 'end')\nexcept (BrokenPipeError, ConnectionResetError): print('end')\n";
        string[] asUser = ["/usr/bin/setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups"];
        string[] program = ["/usr/bin/python3", "-I", "-c", dial, $"{spawner.Data}/run/spawner.sock"];
        var plain = await HostProgram.RunAsync([.. asUser, .. program]);
        Assert.Contains("PermissionError", plain.Errors);
        var capable = await HostProgram.RunAsync([.. asUser, "--inh-caps", "+dac_override", "--ambient-caps", "+dac_override", .. program]);
        Assert.Equal("end", capable.Output.Trim());
        await AssertServesAsync(spawner);
    }

    // Right length and version; what is in it is chance, with a liking for values that mean something.
    private static byte[] ValidLookingPacket(Random random)
    {
        var kind = (RequestKind)random.Next(1, 8);
        var packet = new byte[kind switch { RequestKind.Create or RequestKind.Warm => 32, RequestKind.Claim => 232, _ => 16 }];
        random.NextBytes(packet);
        BitConverter.TryWriteBytes(packet, SpawnerProtocol.Version);
        BitConverter.TryWriteBytes(packet.AsSpan(2), (ushort)kind);
        BitConverter.TryWriteBytes(packet.AsSpan(8), (ulong)random.NextInt64(random.Next(3) == 0 ? long.MaxValue : 20));
        if (kind == RequestKind.Create)
        {
            int[] memory = [0, -1, 127, 128, 10_240, 10_241, int.MaxValue];
            int[] tmp = [511, 512, 512, 512, 10_241];
            BitConverter.TryWriteBytes(packet.AsSpan(16), random.Next(200) == 0 ? 128 : memory[random.Next(memory.Length)] is 128 ? 127 : memory[random.Next(memory.Length)]);
            BitConverter.TryWriteBytes(packet.AsSpan(20), tmp[random.Next(tmp.Length)]);
            BitConverter.TryWriteBytes(packet.AsSpan(24), random.Next(10) == 0 ? 2 : random.Next(2));
        }
        else if (kind == RequestKind.Claim)
        {
            BitConverter.TryWriteBytes(packet.AsSpan(16), random.Next(-1, 6));
            BitConverter.TryWriteBytes(packet.AsSpan(20), random.Next(4) == 0 ? random.Next() : 0);
            // Sizes of the Create, mostly.
            packet.AsSpan(24, 16).Clear();
            BitConverter.TryWriteBytes(packet.AsSpan(24), random.Next(8) == 0 ? random.Next() : 0);
            BitConverter.TryWriteBytes(packet.AsSpan(36), random.Next(4) == 0 ? random.Next(-1, 3) : 0);
            if (random.Next(2) == 0)
                SpawnerProcess.Code.CopyTo(packet, 40);
        }

        return packet;
    }

    private static async Task AssertServesAsync(SpawnerProcess spawner)
    {
        using var agent = await spawner.ConnectAsync();
        Assert.Equal(0, agent.Ask(agent.CreateOf(4711))?.Answer.Error);
        Assert.Equal(0, agent.Ask(agent.ClaimOf(4711))?.Answer.Error);
        Assert.Equal(0, agent.Ask(agent.Header(RequestKind.Destroy, 4711))?.Answer.Error);
        await Patience.UntilAsync("nothing is left", () => agent.Status().Sandboxes == 0);
    }

    /// <summary>How many it has with no agent and the ready images of /tmp made. User namespaces are kept by slot, on purpose.</summary>
    private static async Task<int> SettledDescriptorsAsync(SpawnerProcess spawner)
    {
        // It makes one image a turn, and each answer takes it a turn: however slow the disk is, all are there then.
        using (var agent = await spawner.ConnectAsync())
        {
            for (var turn = 0; turn < 10; turn++)
                agent.Status();
        }

        int last = -1, same = 0;
        await Patience.UntilAsync("the number of descriptors settles", async () =>
        {
            var now = spawner.Descriptors().Count(target => !target.StartsWith("user:[", StringComparison.Ordinal));
            same = now == last ? same + 1 : 0;
            last = now;
            await Task.Delay(50);
            return same >= 10;
        });
        return last;
    }

    private static unsafe (int Reader, int Writer) Pipe()
    {
        var ends = stackalloc int[2];
        Assert.Equal(0, Kernel.Pipe2(ends, O.Cloexec));
        return (ends[0], ends[1]);
    }

    private static unsafe int ReadOne(int fd)
    {
        byte one;
        return Kernel.Read(fd, &one, 1);
    }
}
