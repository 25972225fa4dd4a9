using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Processes are killed at random moments while clients call: every answer is in the ledger once, nothing hangs, and nothing is left.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class KillUnderLoadTests
{
    private const int Clients = 4, Kills = 12;
    private static readonly string[] s_programs = ["hearth-agent", "hearth-spawner", "hearth-control-plane"];

    [Fact]
    public async Task Every_answer_is_in_the_ledger_once()
    {
        var seed = Environment.TickCount;
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        var random = new Random(seed);
        await using var node = await TestNode.StartAsync();
        await Behaviours.DeployAsync(node, "f");
        Assert.True((await node.DoAsync("f", "echo")).Succeeded);
        // Answers that came: fine ones, and errors of sandboxes whose spawner was killed.
        long answered = 1, failed = 0;
        var killedAgents = 0;
        using var stop = new CancellationTokenSource();
        var clients = Enumerable.Range(0, Clients).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                try
                {
                    if ((await node.DoAsync("f", "echo").WaitAsync(Patience.Seconds(60))).Succeeded)
                        Interlocked.Increment(ref answered);
                    else
                    {
                        Interlocked.Increment(ref failed);
                        await Task.Delay(20);
                    }
                }
                catch (HttpRequestException)
                {
                    await Task.Delay(20);
                }
            }
        })).ToArray();
        for (var kill = 0; kill < Kills; kill++)
        {
            await Task.Delay(random.Next(50, 1500), TestContext.Current.CancellationToken);
            var program = s_programs[random.Next(s_programs.Length)];
            if (node.FindPid(program) is not { } pid)
                continue;
            TestNode.Kill(pid, Native.SigKill);
            killedAgents += program == "hearth-agent" ? 1 : 0;
        }

        await Patience.UntilAsync("it answers again", AnswersAsync, 120);
        await stop.CancelAsync();
        await Task.WhenAll(clients);

        await Patience.UntilAsync("the ledger holds all", async () => await Cli.UsageAsync(node, "f") >= Interlocked.Read(ref answered), 60);
        await Task.Delay(2000, TestContext.Current.CancellationToken);
        // What was running when its agent died may be in it or not, and was never answered: one a client. A record that counted twice would be more than that.
        Assert.InRange(await Cli.UsageAsync(node, "f"), answered, answered + failed + (Clients * killedAgents));
        Assert.Equal(0, await node.StopAsync());
        await node.AssertNothingLeftAsync();

        async Task<bool> AnswersAsync()
        {
            try
            {
                var fine = (await node.DoAsync("f", "echo")).Succeeded;
                Interlocked.Increment(ref fine ? ref answered : ref failed);
                return fine && await node.Client.IsManagementUpAsync();
            }
            catch (HttpRequestException)
            {
                return false;
            }
        }
    }
}
