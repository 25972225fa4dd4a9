using System.Diagnostics;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.Spawning;

/// <summary>Which interpreters of a root the spawner offers, from names and from its operator.</summary>
[Collection(SpawningCollection.Name)]
public sealed class InterpreterTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("hearth-interpreters-").FullName;

    public InterpreterTests()
    {
        foreach (var path in (string[])["usr/bin/python3.11", "usr/bin/python3-config", "usr/bin/nodeenv", "usr/bin/node22", "usr/local/bin/python3.13", "usr/lib/node24/node", "opt/python3.9", "usr/bin/data"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.Combine(_root, path))!);
            File.WriteAllText(Path.Combine(_root, path), "#!/bin/sh\n");
            File.SetUnixFileMode(Path.Combine(_root, path), (UnixFileMode)(path == "usr/bin/data" ? 0b110_100_100 : 0b111_101_101));
        }

        Directory.CreateDirectory(Path.Combine(_root, "etc/alternatives"));
        foreach (var (link, target) in (ReadOnlySpan<(string, string)>)[
            ("usr/bin/python3", "python3.11"), ("usr/bin/python3.9", "../../opt/python3.9"), ("usr/bin/python3.8", "python3.8"), ("usr/local/bin/node-24", "/etc/alternatives/node"),
            ("etc/alternatives/node", "/usr/lib/node24/node"), ("usr/local/inside", "../lib/node24"), ("usr/local/outside", "/opt"), ("usr/local/round", "round"), ("bin", "usr/bin"),
            ("usr/local/short", "/bin/node22")])
            File.CreateSymbolicLink(Path.Combine(_root, link), target);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Names_with_a_version_are_listed_after_what_the_operator_chose()
    {
        await using var spawner = await StartAsync(
            "python3.10=/usr/local/bin/python3.13", "nodejs20.x=/usr/lib/node24/node", "python3.7=/usr/local/bin/python3.13", "nodejs18.x=/usr/local/inside/node", "nodejs16.x=/usr/local/short");
        string[] expected =
        [
            "16 python /usr/local/bin/python3.13 python3.10,python3.7", "17 nodejs /usr/lib/node24/node nodejs20.x", "18 nodejs /usr/local/inside/node nodejs18.x",
            "19 nodejs /usr/local/short nodejs16.x", "20 nodejs /usr/bin/node22 ", "21 nodejs /usr/local/bin/node-24 ",
        ];
        Assert.Equal(expected, await File.ReadAllLinesAsync(Path.Combine(spawner.Data, "root/etc/hearth-interpreters"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("java21=/usr/bin/node22", "only ids of python, nodejs and dotnet")]
    [InlineData("python3.9=/etc/passwd", "a plain path below /usr")]
    [InlineData("python3.9=/usr/../opt/python3.9", "a plain path below /usr")]
    [InlineData("python3.9=/usr/bin/absent", "is not there")]
    [InlineData("python3.9=/usr/bin/python3.9", "leads out of /usr")]
    [InlineData("python3.9=/usr/bin/python3.8", "is not there")]
    [InlineData("python3.9=/usr/bin/data", "not everybody may execute it")]
    [InlineData("python3.9=/usr/local/outside/python3.9", "leads out of /usr")]
    [InlineData("python3.9=/usr/local/round/python3.9", "is not there")]
    [InlineData("python3.9=/usr/local/absent/python3.9", "is not there")]
    public async Task What_cannot_run_is_said_and_takes_only_its_own_id_away(string chosen, string why)
    {
        await using var spawner = await StartAsync(chosen, "nodejs20.x=/usr/lib/node24/node");
        await Patience.UntilAsync("it says why", () => spawner.Output.Split('\n').Any(line => line.Contains($"--runtime {chosen}: ", StringComparison.Ordinal) && line.Contains(why, StringComparison.Ordinal)));
        var list = await File.ReadAllLinesAsync(Path.Combine(spawner.Data, "root/etc/hearth-interpreters"), TestContext.Current.CancellationToken);
        Assert.Contains("16 nodejs /usr/lib/node24/node nodejs20.x", list);
        var (id, refused) = (chosen.Split('=')[0], list.Where(static line => line.StartsWith("- ", StringComparison.Ordinal)).ToList());
        if (id == "java21")
            Assert.Empty(refused);
        else
            Assert.Matches($"^- python {id} --runtime {chosen}: .*{why}", Assert.Single(refused));
    }

    [Theory]
    [InlineData("python3.9=/usr/bin/absent", 1, "--runtime python3.9=/usr/bin/absent: ")]
    [InlineData("python3.9=/usr/bin/python3.11", 0, "")]
    public async Task Asked_only_to_check_it_says_the_same_and_ends(string chosen, int code, string says)
    {
        Needs.Root();
        if (!File.Exists(Published.Program("hearth-spawner")))
            Assert.Skip($"needs a built spawner: {Published.Program("hearth-spawner")} is absent; run ./hearth build");
        using var spawner = Process.Start(new ProcessStartInfo(Published.Program("hearth-spawner"), ["--data", _root, "--root", _root, "--runtime", chosen, "--check"]) { RedirectStandardError = true })!;
        var said = await spawner.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await spawner.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(code, spawner.ExitCode);
        Assert.StartsWith(says, said, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(_root, "tmp")));
    }

    private async Task<SpawnerProcess> StartAsync(params string[] chosen)
    {
        Needs.Root();
        if (!File.Exists(Published.Program("hearth-spawner")))
            Assert.Skip($"needs a built spawner: {Published.Program("hearth-spawner")} is absent; run ./hearth build");
        var spawner = SpawnerProcess.Prepare(SpawnerProcess.IdleTenant);
        await spawner.RunAsync(["--root", _root, .. chosen.SelectMany(one => (string[])["--runtime", one])]);
        return spawner;
    }
}
