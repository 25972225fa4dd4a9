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
            ("etc/alternatives/node", "/usr/lib/node24/node")])
            File.CreateSymbolicLink(Path.Combine(_root, link), target);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Names_with_a_version_are_listed_after_what_the_operator_chose()
    {
        await using var spawner = await StartAsync("python3.10=/usr/local/bin/python3.13", "nodejs20.x=/usr/lib/node24/node", "python3.7=/usr/local/bin/python3.13");
        string[] expected =
        [
            "16 python /usr/local/bin/python3.13 python3.10,python3.7", "17 nodejs /usr/lib/node24/node nodejs20.x", "18 nodejs /usr/bin/node22 ", "19 nodejs /usr/local/bin/node-24 ",
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
    public async Task What_cannot_run_is_refused_with_its_reason(string chosen, string why)
    {
        await using var spawner = await StartAsync(chosen);
        Assert.Contains($"--runtime {chosen}: ", spawner.Output, StringComparison.Ordinal);
        Assert.Contains(why, spawner.Output, StringComparison.Ordinal);
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
