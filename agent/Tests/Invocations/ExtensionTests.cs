using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Invocations;

/// <summary>Sandboxes that announced extensions: the caller does not wait for them, the ledger does, and they are told before they are ended.</summary>
public sealed class ExtensionTests : IDisposable
{
    private const int Fake = 256;
    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-extensions-").FullName;

    [Fact]
    public async Task The_caller_has_its_answer_while_extensions_still_work_and_the_instance_is_free_only_after_them()
    {
        await using var node = await StartAsync("normal");
        Assert.Equal("{}", (await node.InvokeAsync("f")).Text);
        Assert.Empty(node.Control.Ledger);
        var second = node.InvokeAsync("f");
        Assert.Equal("{}", (await second).Text);
        Assert.Equal(2, node.Spawner.All.Count);
        Done();
        await node.LedgerAsync(1);
        Done();
        var records = await node.LedgerAsync(2);
        Assert.All(records, static r => Assert.Equal(InvocationStatus.Success, (InvocationStatus)r.Status));
        // Both are idle: nobody new is needed.
        Assert.Equal("{}", (await node.InvokeAsync("f")).Text);
        Assert.Equal(2, node.Spawner.All.Count);
        Done();
        await node.LedgerAsync(3);
    }

    [Fact]
    public async Task Who_asks_for_the_log_waits_for_its_end()
    {
        await using var node = await StartAsync("normal");
        var asked = node.InvokeAsync("f", "{}", ("X-Amz-Log-Type", "Tail"));
        await Eventually.True(() => node.Spawner.All.Count == 1);
        Assert.False(asked.IsCompleted);
        Done();
        var answer = await asked;
        Assert.Equal("{}", answer.Text);
        Assert.Contains("after the answer", answer.Log, StringComparison.Ordinal);
        Assert.Contains("REPORT RequestId", answer.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("silent")]
    [InlineData("normal")]
    public async Task After_the_time_limit_extensions_are_told_and_then_the_sandbox_is_reset(string mode)
    {
        await using var node = await StartAsync(mode, timeout: 3);
        var answer = await node.InvokeAsync("f");
        if (mode == "silent")
            Assert.Contains("Task timed out after 3.00 seconds", answer.Text, StringComparison.Ordinal);
        else
            Assert.Equal("{}", answer.Text);
        var record = Assert.Single(await node.LedgerAsync(1));
        Assert.Equal(InvocationStatus.Timeout, (InvocationStatus)record.Status);
        var sandbox = Assert.Single(node.Spawner.All);
        // "normal" looks for its file and not at its pipe: it is killed at the deadline.
        await Eventually.True(() => sandbox.Resets == 1);
        Assert.Equal(mode == "silent" ? ["timeout"] : [], Reasons());
    }

    [Fact]
    public async Task When_its_function_goes_it_is_told_and_one_that_does_not_end_is_killed()
    {
        foreach (var mode in (string[])["normal", "stubborn"])
        {
            File.Delete(Path.Combine(_folder, "reason"));
            await using var node = await StartAsync(mode);
            await node.InvokeAsync("f");
            Done();
            await node.LedgerAsync(1);
            node.Control.Remove("f");
            await Eventually.True(() => node.Spawner.Alive.Count == 0);
            Assert.Equal(["spindown"], Reasons());
        }
    }

    [Fact]
    public async Task One_that_breaks_the_protocol_while_it_has_time_to_end_is_read_no_further()
    {
        await using var node = await StartAsync("babble");
        await node.InvokeAsync("f");
        Done();
        await node.LedgerAsync(1);
        node.Control.Remove("f");
        await Eventually.True(() => node.Spawner.Alive.Count == 0);
        // A pipe's worth and what one read takes; as much as it likes, if its pipe were read until its time is up.
        var written = new FileInfo(Path.Combine(_folder, "written"));
        Assert.InRange(written.Exists ? written.Length : 0, 0, 30);
    }

    [Fact]
    public async Task One_that_dies_after_the_answer_leaves_the_caller_its_answer_and_the_ledger_an_error()
    {
        await using var node = await StartAsync("die");
        Assert.Equal("{}", (await node.InvokeAsync("f")).Text);
        Assert.Equal(InvocationStatus.FunctionError, (InvocationStatus)Assert.Single(await node.LedgerAsync(1)).Status);
    }

    [Fact]
    public async Task A_start_that_failed_is_put_into_the_words_of_Lambda()
    {
        await using var node = await StartAsync("fail");
        var answer = await node.InvokeAsync("f", "{}", ("X-Amz-Log-Type", "Tail"));
        Assert.Equal($$"""{"errorType":"Extension.Crash","errorMessage":"RequestId: {{answer.RequestId}} Error: exit status 3"}""", answer.Text);
        Assert.Contains("Error Type: Extension.Crash", answer.Log, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private async Task<TestNode> StartAsync(string mode, int timeout = 30)
    {
        var node = await TestNode.StartAsync();
        node.Spawner.Commands[Fake] = ["/usr/bin/python3", "-S", "-I", Path.Join(AppContext.BaseDirectory, "Fakes", "extensions.py"), mode, _folder];
        await node.DeployAsync("f", "", timeout, Fake);
        return node;
    }

    private void Done() => File.WriteAllText(Path.Combine(_folder, "done"), "");

    private string[] Reasons() => File.Exists(Path.Combine(_folder, "reason")) ? File.ReadAllLines(Path.Combine(_folder, "reason")) : [];
}
