using System.Diagnostics;
using System.Globalization;

namespace Hearth.Cli.Tests;

/// <summary>A node of three shell scripts: enough for everything that <c>hearth up</c> itself does.</summary>
internal sealed class FakeNode : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _output = [];
    private readonly string[] _arguments;

    public FakeNode(string agentStart = "echo 'hearth-agent: ready http://127.0.0.1:1'", params string[] arguments)
    {
        _arguments = arguments;
        foreach (var (name, start) in new[] { ("hearth-spawner", "echo hearth-spawner: ready"), ("hearth-control-plane", "echo hearth-control-plane: ready"), ("hearth-agent", agentStart) })
            _folder.File("bin/" + name, $"""
                #!/bin/bash
                trap 'echo "{name}" >> {_folder.Path}/stopped; exit 0' TERM
                echo "$$ $(id -u) $*" >> {_folder.Path}/{name}.started
                {start}
                while :; do sleep 0.05; done
                """, executable: true);
        File.WriteAllText(Path.Combine(_folder.Path, "stopped"), "");
        File.SetUnixFileMode(Path.Combine(_folder.Path, "stopped"), (UnixFileMode)Convert.ToInt32("666", 8));
        foreach (var name in (string[])["hearth-spawner", "hearth-control-plane", "hearth-agent"])
        {
            File.WriteAllText(Path.Combine(_folder.Path, name + ".started"), "");
            File.SetUnixFileMode(Path.Combine(_folder.Path, name + ".started"), (UnixFileMode)Convert.ToInt32("666", 8));
        }
        Up = Start();
    }

    public Process Up { get; }

    public string Data => Path.Combine(_folder.Path, "data");

    public IReadOnlyList<string> Stopped => File.ReadAllLines(Path.Combine(_folder.Path, "stopped"));

    public IReadOnlyList<string> Output
    {
        get { lock (_output) return [.. _output]; }
    }

    public Process Start()
    {
        var process = CommandLine.Start(["up", "--port", "0", "--data", Data, .. _arguments], ("HEARTH_BIN", Path.Combine(_folder.Path, "bin")));
        process.OutputDataReceived += Keep;
        process.ErrorDataReceived += Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Pids that a process of the node has had, oldest first; with its uid.</summary>
    public IReadOnlyList<(int Pid, string User)> Lives(string name) =>
        [.. File.ReadAllLines(Path.Combine(_folder.Path, name + ".started")).Select(line => line.Split(' ')).Select(parts => (int.Parse(parts[0], CultureInfo.InvariantCulture), parts[1]))];

    /// <summary>How many times <c>up</c> has been told that a process is ready: it writes the line down before it acts on it.</summary>
    public int Readies(string name)
    {
        var log = Path.Combine(Data, "log", name + ".log");
        return File.Exists(log) ? File.ReadAllLines(log).Count(line => line.Contains($"{name}: ready", StringComparison.Ordinal)) : 0;
    }

    /// <summary>Of the process's first life.</summary>
    public string Arguments(string name) => File.ReadAllLines(Path.Combine(_folder.Path, name + ".started"))[0];

    public Task ReadyAsync() => UntilAsync(() => Output.Any(line => line.Contains("node ready", StringComparison.Ordinal)), "the node is ready");

    /// <summary>Waits for a condition, at most two minutes: a limit for broken builds, not a measurement.</summary>
    public async Task UntilAsync(Func<bool> condition, string what)
    {
        for (var tries = 0; !condition(); tries++)
        {
            if (tries > 2_400) throw new TimeoutException($"not within two minutes: {what}. Output:\n{string.Join('\n', Output)}");
            await Task.Delay(50);
        }
    }

    public static bool Lives(int pid)
    {
        try
        {
            return !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            // It ended before its file was opened, or while that was read.
            return false;
        }
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null) return;
        lock (_output) _output.Add(line.Data);
    }

    public void Dispose()
    {
        if (!Up.HasExited) Up.Kill();
        Up.WaitForExit();
        foreach (var name in (string[])["hearth-spawner", "hearth-control-plane", "hearth-agent"])
            foreach (var (pid, _) in Lives(name))
                for (var tries = 0; Lives(pid) && tries < 200; tries++) Thread.Sleep(50);
        Up.Dispose();
        _folder.Dispose();
    }
}
