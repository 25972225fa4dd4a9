using System.Diagnostics;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.Escape;

/// <summary>The positive control: the same probe, run by root outside of any sandbox, must find the thing granted. A probe that is always refused proves nothing.</summary>
public sealed class ControlTests
{
    public static TheoryData<string> Controls => [.. ProbeList.Controls];

    [Theory]
    [MemberData(nameof(Controls))]
    public async Task Granted_to_root_outside(string probe)
    {
        Needs.Root();
        Needs.Program("/usr/bin/python3", "python3");
        var host = new JsonObject
        {
            ["marker"] = "/etc/hostname",
            ["data"] = "/var/lib/none",
            ["abstract"] = "",
            ["secret"] = TestNode.Secret,
            ["hostname"] = "",
            ["pids"] = new JsonArray(1),
            ["ports"] = new JsonArray(),
            ["addresses"] = new JsonArray(),
        };
        // A mount namespace of its own: what a probe is granted there ends with it.
        var start = new ProcessStartInfo("/usr/bin/unshare") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])["--mount", "--propagation", "private", "/usr/bin/python3", "-B", Path.Combine(ProbeList.Folder, "handler.py"), probe, host.ToJsonString()])
            start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, $"{probe}: {await errors}");
        var finding = Finding.Parse(output);
        Assert.False(finding.Refused, $"{probe} is refused outside too ({finding.How}): it cannot tell");
    }
}
