using System.Net;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Code that deploys and cannot run: the caller gets Lambda's function error with type and message, every time anew, and never a hang.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class BadInputHandlerTests(SharedNode shared) : IClassFixture<SharedNode>
{
    public static TheoryData<string, string, string, string, string, string> Cases => new()
    {
        { "python3.11", "nope.handle", "app.py", "", "Runtime.ImportModuleError", "Unable to import module 'nope': No module named 'nope'" },
        { "python3.11", "app.nope", "app.py", "x = 1\n", "Runtime.HandlerNotFound", "Handler 'nope' missing on module 'app'" },
        { "python3.11", "app.handle", "app.py", "def handle(:\n", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'" },
        { "python3.11", "bad", "app.py", "x = 1\n", "Runtime.MalformedHandlerName", "Bad handler 'bad'" },
        { "python3.11", "app.handle", "app.py", "raise ValueError('no database')\n", "ValueError", "no database" },
        { "python3.11", "app.handle", "app.py", "import os\nos._exit(3)\n", "Runtime.ExitError", "Runtime exited with error: exit status 3" },
        { "python3.11", "app.handle", "app.py", "def handle(event, context):\n    return {1}\n", "Runtime.MarshalError", "Unable to marshal response: Object of type set is not JSON serializable" },
        { "nodejs20.x", "nope.handle", "index.js", "", "Runtime.ImportModuleError", "Error: Cannot find module 'nope'" },
        { "nodejs20.x", "index.nope", "index.js", "exports.x = 1\n", "Runtime.HandlerNotFound", "index.nope is undefined or not exported" },
        { "nodejs20.x", "index.handle", "index.js", "exports.handle = (\n", "Runtime.UserCodeSyntaxError", "SyntaxError" },
        { "dotnet8", "App::App.Function::Handle", "readme.txt", "no assembly", "LambdaValidationException", "Could not find the specified handler assembly" },
        { "dotnet8", "App", "readme.txt", "no assembly", "LambdaValidationException", "'ASSEMBLY::TYPE::METHOD'" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task The_caller_is_told_what_is_wrong_with_the_code(string runtime, string handler, string file, string code, string type, string says)
    {
        var node = await shared.DeployAsync();
        var name = "broken-" + Guid.NewGuid().ToString("N")[..8];
        await node.Client.CreateAsync(new FunctionSettings(name, runtime, handler, MemoryMb: 256, TimeoutSeconds: 30), FunctionZip.Of((file, code)));
        for (var i = 0; i < 2; i++)
        {
            var answer = await node.Client.InvokeAsync(name);
            Assert.Equal((HttpStatusCode.OK, "Unhandled"), (answer.Status, answer.FunctionError));
            Assert.True(answer.ErrorType == type, $"{type} expected: {answer}");
            Assert.Contains(says, answer.Json["errorMessage"]!.GetValue<string>(), StringComparison.Ordinal);
        }

        // Mended code runs: nothing of the broken one stays in the way.
        if (runtime == "python3.11" && handler == "app.handle")
        {
            await node.Client.UpdateCodeAsync(name, BadInputPackages.Of("good"));
            Assert.Equal("{}", (await node.Client.InvokeAsync(name)).Body);
        }

        await node.Client.DeleteAsync(name);
    }
}
