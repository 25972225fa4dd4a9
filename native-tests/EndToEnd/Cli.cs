using System.Diagnostics;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>The <c>hearth</c> command, run against a node.</summary>
internal static class Cli
{
    /// <summary>Requests that the ledger has for a function; -1 while it cannot be asked.</summary>
    public static async Task<long> UsageAsync(TestNode node, string function)
    {
        var (code, output) = await RunAsync(node, "usage", "--json");
        if (code != 0)
            return -1;
        return JsonNode.Parse(output)!["Functions"]!.AsArray().Where(row => row!["FunctionName"]!.GetValue<string>() == function).Sum(row => row!["Requests"]!.GetValue<long>());
    }

    public static async Task<(int Code, string Output)> RunAsync(TestNode node, params string[] arguments)
    {
        var start = new ProcessStartInfo(Published.Program("hearth")) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[.. arguments, "--data", node.Data])
            start.ArgumentList.Add(argument);
        return await RunAsync(start);
    }

    public static async Task<(int Code, string Output)> RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, process.ExitCode == 0 ? output : output + await errors);
    }
}
