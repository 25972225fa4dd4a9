using System.Text;
using Hearth.ControlPlane.Api.Rest.Model;
using Xunit;

namespace Hearth.ControlPlane.Tests.Adapters;

/// <summary>docs/lambda-api.md is what the test of all operations has seen, not what somebody wrote.</summary>
internal static class OperationTable
{
    // Of those that are kept and shown, and that nothing acts on yet.
    private const string Kept = "kept and shown; nothing acts on it yet";

    private static readonly string[] DefinitionsOnly = ["EventSourceMapping", "RuntimeManagementConfig", "FunctionRecursionConfig"];

    private const string Unenforced = "kept and shown; nobody is refused";

    public static void Check(string[] succeeded)
    {
        string text = Render(succeeded);
        // Where the repository's file lies, to write it anew.
        if (Environment.GetEnvironmentVariable("HEARTH_WRITE_LAMBDA_API") is { Length: > 0 } path)
            File.WriteAllText(path, text);
        else
            Assert.Equal(File.ReadAllText(Path.Join(AppContext.BaseDirectory, "lambda-api.md")), text);
    }

    private static string Render(string[] succeeded)
    {
        var text = new StringBuilder("""
            # Lambda's API: what is answered

            Written by the test of all operations (`control-plane/Tests/Adapters/OperationTable.cs`): "yes" was seen to succeed over the REST API.

            | operation | supported | |
            |---|---|---|

            """);
        foreach (Operation operation in new LambdaModel().Operations.OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            (string supported, string note) = operation.Name switch
            {
                "Invoke" or "InvokeWithResponseStream" => ("yes", "by the agent; seen in `native-tests/EndToEnd`"),
                "InvokeAsync" => ("yes", "by the agent, as an Event invocation; seen in `native-tests/EndToEnd`"),
                "PutFunctionScalingConfig" => ("no", "400: there are no capacity providers"),
                var name when !succeeded.Contains(name) => ("no", "501 NotImplementedException"),
                var name when DefinitionsOnly.Any(d => name.Contains(d, StringComparison.Ordinal)) => ("yes", Kept),
                var name when name.EndsWith("Permission", StringComparison.Ordinal) => ("yes", Unenforced),
                _ => ("yes", ""),
            };
            text.Append(System.Globalization.CultureInfo.InvariantCulture, $"| {operation.Name} | {supported} | {note} |\n");
        }

        return text.ToString();
    }
}
