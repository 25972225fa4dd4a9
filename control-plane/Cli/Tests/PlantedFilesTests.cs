using Hearth.Cli.Errors;
using Hearth.Cli.Node;
using Mono.Unix.Native;
using Xunit;

namespace Hearth.Cli.Tests;

/// <summary>What another user put into a data directory before root did is neither run nor written to. Needs root.</summary>
public sealed class PlantedFilesTests : IDisposable
{
    private const uint Stranger = 65_534;

    private static readonly string[] Programs = ["hearth-spawner", "hearth-control-plane", "hearth-agent"];

    private readonly TemporaryFolder _folder = new();
    private readonly string _data;

    public PlantedFilesTests()
    {
        TemporaryFolder.RequireRoot();
        _data = Path.Combine(_folder.Path, "data");
        foreach (var name in Programs) _folder.File("bin/" + name, "ours", executable: true);
        _folder.File("bin/runtimes/python/client.py", "ours");
    }

    [Theory]
    [InlineData("")]
    [InlineData("bin")]
    [InlineData("run")]
    public async Task A_folder_of_another_user_is_refused(string name)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.Combine(_data, name));
        Directory.CreateDirectory(path);
        Give(path);
        var outcome = await PrepareAsync();
        Assert.Equal(6, outcome.ExitCode);
        Assert.Contains($"{path}: belongs to user {Stranger}", outcome.Error);
        Assert.Single(outcome.Error.TrimEnd().Split('\n'));
        Assert.False(File.Exists(Path.Combine(_data, "bin", "hearth-agent")));
    }

    [Fact]
    public async Task Programs_and_runtime_clients_of_others_are_replaced_though_size_and_time_are_the_same()
    {
        Assert.Equal(0, (await PrepareAsync()).ExitCode);
        var victim = _folder.File("victim/client.py", "evil");
        var program = Path.Combine(_data, "bin", "hearth-agent");
        var linked = Path.Combine(_data, "bin", "hearth-spawner");
        var time = File.GetLastWriteTimeUtc(program);
        File.WriteAllText(program, "evil");
        File.SetLastWriteTimeUtc(program, time);
        Give(program);
        File.SetLastWriteTimeUtc(victim, File.GetLastWriteTimeUtc(linked));
        File.Delete(linked);
        File.CreateSymbolicLink(linked, victim);
        File.WriteAllText(Path.Combine(_data, "bin", "libplanted.so"), "evil");
        Give(Path.Combine(_data, "bin", "libplanted.so"));
        Directory.Delete(Path.Combine(_data, "runtimes", "python"), recursive: true);
        File.CreateSymbolicLink(Path.Combine(_data, "runtimes", "python"), Path.GetDirectoryName(victim)!);
        File.WriteAllText(Path.Combine(Path.GetDirectoryName(victim)!, "other"), "the victim's");

        Assert.Equal(0, (await PrepareAsync()).ExitCode);

        foreach (var path in (string[])[program, linked, Path.Combine(_data, "runtimes", "python", "client.py")])
        {
            Assert.Equal("ours", File.ReadAllText(path));
            Assert.True(RootFiles.IsFile(path), path);
        }
        Assert.False(File.Exists(Path.Combine(_data, "bin", "libplanted.so")));
        Assert.True(RootFiles.IsFolder(Path.Combine(_data, "runtimes", "python")));
        Assert.Equal("evil", File.ReadAllText(victim));
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(victim)!, "other")));
    }

    [Theory]
    [InlineData("link")]
    [InlineData("pipe")]
    [InlineData("file")]
    public async Task A_lock_file_that_another_user_put_there_is_refused_and_not_written_to(string what)
    {
        Assert.Equal(0, (await PrepareAsync()).ExitCode);
        var victim = _folder.File("victim", "precious");
        Plant(what, Path.Combine(_data, "run", "node.lock"), victim);
        var outcome = await PrepareAsync();
        Assert.Equal(6, outcome.ExitCode);
        Assert.Contains("node.lock: is a link, no plain file, or another user's", outcome.Error);
        Assert.Equal("precious", File.ReadAllText(victim));
    }

    [Theory]
    [InlineData("link")]
    [InlineData("pipe")]
    [InlineData("file")]
    public void A_log_that_another_user_put_there_is_refused_and_not_written_to(string what)
    {
        Directory.CreateDirectory(Path.Combine(_data, "log"));
        var victim = _folder.File("victim", "precious");
        Plant(what, Path.Combine(_data, "log", "hearth-agent.log"), victim);
        var refused = Assert.Throws<CliException>(() => new ServiceLog(_data, "hearth-agent", echo: false).Dispose());
        Assert.Contains("hearth-agent.log: is a link, no plain file, or another user's", refused.Line);
        Assert.Equal("precious", File.ReadAllText(victim));
    }

    [Fact]
    public void A_log_of_our_own_is_continued()
    {
        Directory.CreateDirectory(Path.Combine(_data, "log"));
        foreach (var text in (string[])["first", "second"])
        {
            using var log = new ServiceLog(_data, "hearth-agent", echo: false);
            log.Write(text);
        }
        Assert.Equal(["first", "second"], File.ReadAllLines(Path.Combine(_data, "log", "hearth-agent.log")).Select(line => line.Split(' ')[1]));
    }

    public void Dispose() => _folder.Dispose();

    private static void Plant(string what, string path, string victim)
    {
        File.Delete(path);
        if (what == "link") File.CreateSymbolicLink(path, victim);
        else if (what == "pipe") Assert.Equal(0, Syscall.mkfifo(path, FilePermissions.ALLPERMS));
        else File.WriteAllText(path, "");
        if (what == "file") Give(path);
    }

    private static void Give(string path) => Assert.Equal(0, Syscall.chown(path, Stranger, Stranger));

    private async Task<Outcome> PrepareAsync()
    {
        using var process = CommandLine.Start(["up", "--prepare", "--data", _data], ("HEARTH_BIN", Path.Combine(_folder.Path, "bin")));
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return new Outcome(process.ExitCode, output, await error);
    }
}
