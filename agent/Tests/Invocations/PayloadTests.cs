using System.Text;
using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Invocations;

public sealed class PayloadTests
{
    private const int Limit = 6_291_456;

    [Fact]
    public async Task Six_mebibytes_go_both_ways_untouched()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("echo", "def handler(event, context):\n    return event\n", memory: 512);
        var text = new StringBuilder("\"");
        while (text.Length < Limit - 1)
            text.Append((char)('a' + (text.Length * 7 % 26)));
        text.Append('"');
        for (var i = 0; i < 3; i++)
        {
            var answer = await node.InvokeAsync("echo", text.ToString());
            Assert.Equal((200, null), (answer.Status, answer.FunctionError));
            Assert.Equal(text.ToString(), answer.Text);
        }
    }

    [Fact]
    public async Task One_byte_over_is_refused_in_AWSs_words_however_it_is_sent()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("echo", "def handler(event, context):\n    return event\n");
        var large = new byte[Limit + 1];
        large.AsSpan().Fill((byte)'1');
        using var sized = new ByteArrayContent(large);
        var refused = await node.SendAsync("echo", sized);
        Assert.Equal((413, "RequestEntityTooLargeException"), (refused.Status, refused.ErrorType));
        Assert.Equal("""{"message":"Request must be smaller than 6291456 bytes for the InvokeFunction operation"}""", refused.Text);
        using var chunked = new StreamContent(new MemoryStream(large));
        chunked.Headers.ContentLength = null;
        Assert.Equal(413, (await node.SendAsync("echo", chunked, ("Transfer-Encoding", "chunked"))).Status);
        Assert.Empty(node.Spawner.All);
    }

    [Fact]
    public async Task An_empty_body_is_an_empty_object()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("echo", "def handler(event, context):\n    return event\n");
        Assert.Equal("{}", (await node.SendAsync("echo", null)).Text);
        Assert.Equal("{}", (await node.InvokeAsync("echo", "")).Text);
    }

    [Fact]
    public async Task The_context_is_what_Lambda_gives()
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("context", """
            import os
            def handler(event, context):
                return [context.aws_request_id, context.invoked_function_arn, context.client_context.custom["k"],
                        os.environ["AWS_LAMBDA_FUNCTION_NAME"], os.environ["_HANDLER"], os.environ["AWS_REGION"], context.get_remaining_time_in_millis() > 20000]
            """);
        var context = Convert.ToBase64String("""{"custom":{"k":"v"}}"""u8);
        var plain = await node.InvokeAsync("context", "{}", ("X-Amz-Client-Context", context));
        Assert.Equal($"[\"{plain.RequestId}\", \"arn:aws:lambda:us-east-1:000000000000:function:context\", \"v\", \"context\", \"app.handler\", \"us-east-1\", true]", plain.Text);
        var qualified = await node.InvokeAsync("context:$LATEST", "{}", ("X-Amz-Client-Context", context));
        Assert.Contains("function:context:$LATEST", qualified.Text);
    }

    [Theory]
    [InlineData(10, 3)]
    [InlineData(200_000, 7)]
    [InlineData(3_000_000, 40)]
    public async Task An_event_that_comes_in_pieces_is_put_together(int length, int pieces)
    {
        await using var node = await TestNode.StartAsync();
        await node.DeployAsync("echo", "def handler(event, context):\n    return event\n", memory: 512);
        var text = "\"" + string.Create(length, length, static (span, _) => { for (var i = 0; i < span.Length; i++) span[i] = (char)('a' + (i * 7 % 26)); }) + "\"";
        foreach (var announced in (bool[])[true, false])
        {
            using var content = new PieceContent(Encoding.UTF8.GetBytes(text), pieces, announced);
            var answer = await node.SendAsync("echo", content, announced ? [] : [("Transfer-Encoding", "chunked")]);
            Assert.Equal(text, answer.Text);
        }
    }

    private sealed class PieceContent(byte[] bytes, int pieces, bool announced) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            foreach (var piece in bytes.Chunk(Math.Max(1, bytes.Length / pieces)))
            {
                await stream.WriteAsync(piece);
                await stream.FlushAsync();
                await Task.Delay(5);
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = bytes.Length;
            return announced;
        }
    }
}
