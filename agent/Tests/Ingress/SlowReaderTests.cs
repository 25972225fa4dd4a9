using Hearth.Agent.Ingress;
using Hearth.Agent.Scheduling;
using Hearth.Agent.Tests.Fakes;
using Hearth.Agent.Tests.Streaming;
using Hearth.Agent.Tests.Web;
using Hearth.Contracts.V1;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Hearth.Agent.Tests.Ingress;

/// <summary>Clients that do not read their answers: they are cut off, and what is held for them is bounded.</summary>
public sealed class SlowReaderTests : IDisposable
{
    private const string Large = "def handler(event, context):\n    return 'x' * 6000000\n";
    private const string Small = "def handler(event, context):\n    return 1\n";
    private const int LargeLength = 6_000_002;

    /// <summary>Nobody who does not read at all is fast enough for it, and who reads may be kept from it by a busy machine for the grace.</summary>
    private static readonly IngressLimits s_strict = new(256 << 20, 256 << 20) { LeastRate = 16 << 20, Grace = TimeSpan.FromSeconds(3) };

    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-slow-").FullName;

    [Fact]
    public async Task Who_does_not_read_a_whole_answer_is_disconnected_and_nothing_is_held_for_it_any_more()
    {
        await using var node = await TestNode.StartAsync(limits: s_strict);
        await node.DeployAsync("f", Large, memory: 512);
        using var client = await RawClient.InvokeAsync(node, "f");
        Assert.Equal(200, await client.StatusAsync());
        await Eventually.True(() => node.Agent.Answers.Held == 0);
        Assert.InRange(await client.DrainAsync(), 0, LargeLength - 1);
        // Who reads gets all of it.
        Assert.Equal(LargeLength, (await node.InvokeAsync("f")).Bytes.Length);
        // Its last byte is read before who wrote it has returned the array.
        await Eventually.True(() => node.Agent.Answers.Held == 0);
    }

    [Theory]
    [InlineData("POST /2021-11-15/functions/f/response-streaming-invocations HTTP/1.1\nHost: localhost")]
    [InlineData($"POST / HTTP/1.1\nHost: {WebNode.Host}")]
    public async Task Who_does_not_read_a_streamed_answer_is_disconnected_and_the_function_goes_on(string head)
    {
        await using var web = await WebNode.StartAsync(WebNode.Url(mode: "RESPONSE_STREAM"), limits: s_strict);
        var done = Path.Join(_folder, "done");
        var steps = $"""[["start",null],["chunks",64,1048576],["touch","{done}"],["end"]]""";
        using var client = await RawClient.SendAsync(web.Node, $"{head}\nContent-Type: application/json\nContent-Length: {steps.Length}", System.Text.Encoding.UTF8.GetBytes(steps));
        Assert.Equal(200, await client.StatusAsync());
        await Eventually.True(() => File.Exists(done));
        await Eventually.True(() => web.Node.Agent.Answers.Held == 0);
        Assert.InRange(await client.DrainAsync(), 0, 64 << 20);
    }

    [Fact]
    public async Task Of_a_web_answer_only_the_body_is_held_while_its_caller_does_not_read()
    {
        // Of 4.5 MB, an array of 8 MiB, the body is 4 as text and 3 as bytes: more than the kernel takes for a connection that is not read.
        const string source = "def handler(event, context):\n    return {'statusCode': 200, 'junk': 'x' * 500000, 'body': 'QUJD' * 1000000, 'isBase64Encoded': True}\n";
        await using var node = await TestNode.StartAsync();
        var spec = await node.DeployAsync("f", source, memory: 512);
        node.Control.Put(new FunctionSet { FunctionName = "f", Versions = { spec }, Urls = { WebNode.Url() } });
        await Eventually.True(() => node.Agent.Catalogue.FindUrl(WebNode.Id) is not null);
        using (var client = await RawClient.SendAsync(node, $"GET / HTTP/1.1\nHost: {WebNode.Host}"))
        {
            Assert.Equal(200, await client.StatusAsync());
            Assert.Equal(4 << 20, node.Agent.Answers.Held);
        }
        await Eventually.True(() => node.Agent.Answers.Held == 0);
        using var reader = await RawClient.SendAsync(node, $"GET / HTTP/1.1\nHost: {WebNode.Host}\nConnection: close");
        Assert.Equal(200, await reader.StatusAsync());
        Assert.Equal(3_000_000, await reader.DrainAsync());
        await Eventually.True(() => node.Agent.Answers.Held == 0);
    }

    [Fact]
    public async Task Who_has_read_much_is_disconnected_as_well_when_it_stops()
    {
        // By the rate alone 20 MiB are good for more than five minutes.
        await using var node = await StreamingNode.StartAsync(limits: s_strict with { LeastRate = 64 << 10 });
        await node.DeployAsync("f", "", timeout: 300, memory: StreamingNode.Memory);
        var done = Path.Join(_folder, "done");
        var steps = $"""[["start",null],["chunks",64,1048576],["touch","{done}"],["end"]]""";
        using var client = await RawClient.SendAsync(
            node, $"POST /2021-11-15/functions/f/response-streaming-invocations HTTP/1.1\nHost: localhost\nContent-Length: {steps.Length}", System.Text.Encoding.UTF8.GetBytes(steps));
        await client.ReadAsync(20 << 20);
        await Eventually.True(() => File.Exists(done));
        await Eventually.True(() => node.Agent.Answers.Held == 0);
    }

    [Fact]
    public async Task Who_does_not_read_what_the_control_plane_answers_is_disconnected()
    {
        await using var node = await TestNode.StartAsync(limits: s_strict);
        var left = new TaskCompletionSource();
        node.Control.Rest = async context =>
        {
            using var registration = context.RequestAborted.Register(() => left.TrySetResult());
            var piece = new byte[1 << 20];
            for (var i = 0; i < 64 && !context.RequestAborted.IsCancellationRequested; i++)
                await context.Response.Body.WriteAsync(piece);
            await left.Task;
        };
        using var client = await RawClient.SendAsync(node, "GET /2015-03-31/functions HTTP/1.1\nHost: localhost");
        await Eventually.True(() => left.Task.IsCompleted);
    }

    [Fact]
    public async Task What_is_passed_on_takes_only_so_long()
    {
        await using var node = await TestNode.StartAsync(limits: s_strict with { PassTime = TimeSpan.FromSeconds(1) });
        node.Control.Rest = static context => Task.Delay(Timeout.Infinite, context.RequestAborted);
        using var answer = await node.Http.GetAsync(new Uri("/2015-03-31/functions", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(408, (int)answer.StatusCode);
        Assert.Equal("RequestTimeoutException", answer.Headers.GetValues("x-amzn-ErrorType").Single());
    }

    [Fact]
    public async Task Callers_who_do_not_read_hold_up_their_own_functions_and_no_other()
    {
        // A whole answer of 6 MB takes an array of 8 MiB.
        await using var node = await TestNode.StartAsync(limits: new IngressLimits(256 << 20, 16 << 20));
        foreach (var name in (string[])["f", "g"])
            await node.DeployAsync(name, Large, memory: 512);
        await node.DeployAsync("h", Small);
        using (var first = await RawClient.InvokeAsync(node, "f"))
        {
            Assert.Equal(200, await first.StatusAsync());
            await RefusedAsync("f");
            Assert.Equal(200, (await node.InvokeAsync("h")).Status);
            using (var second = await RawClient.InvokeAsync(node, "g"))
            {
                Assert.Equal(200, await second.StatusAsync());
                // The two hold what one function alone would be refused at twice.
                Assert.InRange(node.Agent.Answers.Held, 16 << 20, 32 << 20);
                await RefusedAsync("f");
                await RefusedAsync("g");
                Assert.Equal(200, (await node.InvokeAsync("h")).Status);
            }
            // Their callers leave, and it goes on.
            await Eventually.True(() => node.Agent.Answers.Held < 16 << 20);
            Assert.Equal(200, (await node.InvokeAsync("h")).Status);
        }
        await Eventually.True(() => node.Agent.Answers.Held == 0);
        Assert.Equal(LargeLength, (await node.InvokeAsync("f")).Bytes.Length);

        async Task RefusedAsync(string name)
        {
            var refused = await node.InvokeAsync(name);
            Assert.Equal((429, "TooManyRequestsException"), (refused.Status, refused.ErrorType));
            Assert.Contains("\"Reason\":\"CallerRateLimitExceeded\"", refused.Text);
        }
    }

    [Fact]
    public async Task Of_answers_that_come_at_once_those_of_the_hoarder_are_thrown_away()
    {
        await using var node = await StreamingNode.StartAsync(limits: new IngressLimits(256 << 20, 8 << 20));
        foreach (var name in (string[])["f", "g"])
            await node.DeployAsync(name, "", timeout: 60, memory: StreamingNode.Memory);
        var go = Path.Join(_folder, "go");
        var steps = $"""[["wait","{go}"],["start",null],["chunks",6,1000000],["end"]]""";
        using var first = await RawClient.InvokeAsync(node, "f", steps);
        using var second = await RawClient.InvokeAsync(node, "f", steps);
        var goOther = Path.Join(_folder, "go-other");
        using var other = await RawClient.InvokeAsync(node, "g", $"""[["wait","{goOther}"],["start",null],["chunks",2,1000000],["end"]]""");
        await Eventually.True(() => node.Agent.Scheduler.DescribeCapacity().Busy == 3);
        await File.WriteAllTextAsync(go, "", TestContext.Current.CancellationToken);
        int[] statuses = [await first.StatusAsync(), await second.StatusAsync()];
        Assert.Equal([200, 503], statuses.Order());
        // The function has run, and is accounted for.
        Assert.Equal(2, (await node.LedgerAsync(2)).Count);
        Assert.InRange(node.Agent.Answers.Held, 1, 8 << 20);
        // Whose answer comes later has its place.
        await File.WriteAllTextAsync(goOther, "", TestContext.Current.CancellationToken);
        Assert.Equal(200, await other.StatusAsync());
    }

    [Fact]
    public void A_share_counts_what_its_function_holds_and_gives_it_back()
    {
        var budget = new AnswerBudget(1024);
        AnswerShare f = new(budget), g = new(budget);
        var first = f.TryRent(512)!;
        Assert.Equal((512, 429), (budget.Held, f.Refusal!.Status));
        Assert.Null(g.Refusal);
        var second = g.Rent(1024);
        Assert.Equal((429, 429), (f.Refusal!.Status, g.Refusal!.Status));
        Assert.Null(g.TryRent(512));
        Assert.Equal(1536, budget.Held);
        f.Return(first);
        Assert.Equal((null, 429), (f.Refusal, g.Refusal!.Status));
        // Streams alone, of which one more is held than there is.
        var third = g.Rent(1024);
        Assert.Equal((503, 503), (f.Refusal!.Status, g.Refusal!.Status));
        g.Return(second);
        g.Return(third);
        Assert.Equal((0, null), (budget.Held, g.Refusal));
    }

    [Fact]
    public void However_many_hoard_something_is_left_for_the_next()
    {
        var budget = new AnswerBudget(1 << 20);
        for (var n = 1; n <= 20; n++)
        {
            var hoarder = new AnswerShare(budget);
            Assert.Null(hoarder.Refusal);
            var held = 0L;
            while (hoarder.TryRent(1024) is { } rented)
                held += rented.Length;
            Assert.InRange(held, n == 1 ? 1 << 20 : n < 10 ? 1024 : 0, 1 << 20);
            Assert.InRange(budget.Held, held, (2 << 20) - 1);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
