using System.Diagnostics;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>What a program did on a terminal (CommandPty.py has one for it).</summary>
internal sealed record CommandPty(int Code, string Output)
{
    /// <param name="keys">What to wait for on the screen, and what to type then: intr (Ctrl-C), q, nothing.</param>
    /// <returns>After a check that the terminal is as it was: settings, cursor, main screen.</returns>
    public static async Task<CommandPty> RunAsync((string Until, string Send)[] keys, params string[] command)
    {
        string[] arguments = ["-B", "-I", Path.Combine(AppContext.BaseDirectory, "EndToEnd", "CommandPty.py"), .. keys.SelectMany(key => (string[])["--until", key.Until, "--send", key.Send]), "--", .. command];
        var (code, text) = await Cli.RunAsync(new ProcessStartInfo("/usr/bin/python3", arguments));
        Assert.True(code == 0, text);
        var answer = JsonNode.Parse(text)!;
        var what = $"{string.Join(' ', command)}:\n{answer["output"]}";
        Assert.False(answer["gave_up"]!.GetValue<bool>(), "it did not end: " + what);
        foreach (var kept in (string[])["settings_kept", "cursor_shown", "main_screen"])
            Assert.True(answer[kept]!.GetValue<bool>(), $"the terminal is not as it was ({kept}) after {what}");
        return new CommandPty(answer["code"]!.GetValue<int>(), answer["output"]!.GetValue<string>());
    }

    /// <summary>hearth VERB ... on the node's data directory.</summary>
    public static Task<CommandPty> HearthAsync(TestNode node, (string Until, string Send)[] keys, params string[] arguments) =>
        RunAsync(keys, [Published.Program("hearth"), .. arguments, "--data", node.Data]);
}
