using System.Runtime.InteropServices;
using Hearth.NativeTests.Harness;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Protocol;
using Xunit;

namespace Hearth.NativeTests.Spawning;

/// <summary>What a spawner does thousands of times, and how it ends.</summary>
[Collection(SpawningCollection.Name)]
public sealed class LifecycleTests(ITestOutputHelper output)
{
    private const int Rounds = 2_000, AtOnce = 16;

    [Fact]
    public async Task Thousands_of_sandboxes_allocate_nothing_and_none_fails()
    {
        await using var spawner = await SpawnerProcess.StartAsync(SpawnerProcess.IdleTenant);
        using var agent = await spawner.ConnectAsync();
        var before = spawner.Descriptors().Count;
        for (var first = 0; first < Rounds; first += AtOnce)
        {
            var ids = Enumerable.Range(1 + first, AtOnce).Select(i => (ulong)i).ToArray();
            AskAll(agent, ids, id => agent.CreateOf(id), (connection, request) => connection.Send(request));
            AskAll(agent, ids, id => agent.ClaimOf(id), (connection, request) => connection.Send(request));
            AskAll(agent, ids, id => agent.Header(RequestKind.Destroy, id), (connection, request) => connection.Send(request));
        }

        var (sandboxes, allocated) = agent.Status();
        output.WriteLine($"{Rounds} made, claimed and removed; {allocated} bytes allocated");
        Assert.Equal((0u, 0), (sandboxes, allocated));

        // The two user namespaces of each slot stay, and nothing else: of as many as were there at once.
        Assert.InRange(spawner.Descriptors().Count, 0, before + (2 * AtOnce) + 4);
    }

    [Fact]
    public async Task Sizes_of_tmp_are_made_once_and_the_oldest_forgotten()
    {
        await using var spawner = await SpawnerProcess.StartAsync(SpawnerProcess.IdleTenant);
        using var agent = await spawner.ConnectAsync();
        for (var i = 0; i < 72; i++)
        {
            var id = (ulong)(i + 1);
            var shell = agent.Ask(agent.CreateOf(id, tmpMb: 512 + i));
            Assert.Equal(0, shell?.Answer.Error);
            SpawnerConnection.Close(shell!.Value.Descriptors);
            Assert.Equal(0, agent.Ask(agent.Header(RequestKind.Destroy, id))?.Answer.Error);
        }

        var images = spawner.Descriptors().Count(target => target.StartsWith($"{spawner.Data}/tmp/", StringComparison.Ordinal));
        Assert.InRange(images, 2, 64);
        Assert.Empty(Directory.EnumerateFileSystemEntries($"{spawner.Data}/tmp"));
        Assert.Equal(0, agent.Status().Allocated);
    }

    [Theory]
    [InlineData(Native.SigTerm)]
    [InlineData(Native.SigKill)]
    public async Task Its_end_is_the_end_of_all_that_it_made(int signal)
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        var sandboxes = Enumerable.Range(1, 40).Select(i => TestSandbox.Start(agent, (ulong)i)).ToList();
        var inits = sandboxes.Select(sandbox => sandbox.InitPid).ToList();
        sandboxes.ForEach(sandbox => sandbox.Dispose());
        var code = await spawner.StopAsync(signal);
        Assert.Equal(signal == Native.SigTerm ? 0 : 128 + signal, code);
        await Patience.UntilAsync("every init is gone", () => inits.TrueForAll(pid => !ProcessTable.Read(pid, "comm").StartsWith("hearth-init", StringComparison.Ordinal)));
        if (signal == Native.SigKill)
            Assert.Equal(0, (await HostProgram.RunAsync([Published.Program("hearth-spawner"), "--data", spawner.Data, "--sweep"])).ExitCode);
        await Patience.UntilAsync($"nothing is left but {string.Join(", ", LeakCheck.Find(spawner.Data))}", () => LeakCheck.Find(spawner.Data).Count == 0);
    }

    private static void AskAll<T>(SpawnerConnection agent, ulong[] ids, Func<ulong, T> request, Func<SpawnerConnection, T, int> send)
        where T : unmanaged
    {
        var tags = new HashSet<uint>();
        foreach (var id in ids)
        {
            var one = request(id);
            tags.Add(MemoryMarshal.Cast<T, RequestHeader>(new Span<T>(ref one))[0].Tag);
            Assert.Equal(0, send(agent, one));
        }

        while (tags.Count > 0)
        {
            var reply = agent.Await(answer => answer.Kind == AnswerKind.Reply && tags.Contains(answer.Tag));
            Assert.NotNull(reply);
            Assert.True(reply.Value.Answer.Error == 0, $"sandbox {reply.Value.Answer.SandboxId}: {Hearth.Sandbox.Plan.SetupSteps.Describe(reply.Value.Answer.Step)}: {Errno.Describe(reply.Value.Answer.Error)}");
            SpawnerConnection.Close(reply.Value.Descriptors);
            tags.Remove(reply.Value.Answer.Tag);
        }
    }
}
