using System.Text;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>AWS's own Node.js client (aws-lambda-ric) as the function's runtime, unmodified, as clients/fetch-runtimes.sh gets it from npm and compiles its addon.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class AwsClientTests(SharedNode shared) : IClassFixture<SharedNode>
{
    private const string Function = """
        let count = 0;
        export const handler = async (event, context) => {
          console.log('handling', context.awsRequestId);
          if (event.fail) throw new TypeError('boom');
          if (event.exit) process.exit(event.exit);
          return { event, count: ++count, name: context.functionName, left: context.getRemainingTimeInMillis() > 0 };
        };
        export const streaming = awslambda.streamifyResponse(async (event, out) => {
          out.setContentType('text/plain');
          out.write('one ');
          if (event.fail) throw new RangeError('half way');
          out.write('two');
          out.end();
        });
        """;

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public async Task Version_of_aws_lambda_ric_runs_unmodified(int version)
    {
        var client = Path.Combine(await Clients.RuntimesAsync(), $"aws-lambda-ric-{version}");
        var node = await shared.DeployAsync();
        var name = $"ric{version}";
        await DeployAsync(node, name, client, "index.handler");
        for (var i = 1; i <= 20; i++)
        {
            var answer = (await node.Client.InvokeAsync(name, $$"""{"é":{{i}}}""")).Json;
            Assert.Equal($$"""{"event":{"é":{{i}}},"count":{{i}},"name":"{{name}}","left":true}""", answer.ToJsonString(new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
        }
        var failed = await node.Client.InvokeAsync(name, """{"fail":true}""", tail: true);
        Assert.Equal(("Unhandled", "TypeError", "boom"), (failed.FunctionError, failed.ErrorType, failed.Json["errorMessage"]!.GetValue<string>()));
        Assert.Contains("handling ", failed.Log, StringComparison.Ordinal);
        var ended = await node.Client.InvokeAsync(name, """{"exit":3}""");
        Assert.EndsWith("Error: Runtime exited with error: exit status 3\"}", ended.Body, StringComparison.Ordinal);
        Assert.Equal(1, (await node.Client.InvokeAsync(name)).Json["count"]!.GetValue<int>());

        await DeployAsync(node, name + "-absent", client, "index.nope");
        var absent = await node.Client.InvokeAsync(name + "-absent");
        Assert.Equal(("Unhandled", "Runtime.HandlerNotFound", "index.nope is undefined or not exported"), (absent.FunctionError, absent.ErrorType, absent.Json["errorMessage"]!.GetValue<string>()));

        await DeployAsync(node, name + "-streaming", client, "index.streaming");
        Assert.Equal("one two", (await node.Client.InvokeAsync(name + "-streaming")).Body);
        var cut = await node.Client.InvokeAsync(name + "-streaming", """{"fail":true}""");
        Assert.Equal(("Unhandled", "RangeError"), (cut.FunctionError, cut.ErrorType));
    }

    private static Task DeployAsync(TestNode node, string name, string client, string handler)
    {
        var entry = Path.Combine(client, "bin/index.mjs") is var older && File.Exists(older) ? "bin/index.mjs" : "index.mjs";
        var bootstrap = $"#!/bin/sh\nexec /usr/bin/node /var/task/node_modules/aws-lambda-ric/{entry} \"$_HANDLER\"\n";
        var files = Directory.EnumerateFiles(client, "*", SearchOption.AllDirectories)
            .Select(path => ($"node_modules/aws-lambda-ric/{Path.GetRelativePath(client, path)}", File.ReadAllBytes(path)));
        var zip = FunctionZip.OfPrograms([("bootstrap", Encoding.UTF8.GetBytes(bootstrap)), ("index.mjs", Encoding.UTF8.GetBytes(Function)), .. files]);
        return node.Client.CreateAsync(new FunctionSettings(name, "provided.al2023", handler, MemoryMb: 256, TimeoutSeconds: 30), zip);
    }
}
