using System.Diagnostics;
using Hearth.NativeTests.Harness;
using Hearth.Sandbox.Plan;
using Xunit;

namespace Hearth.NativeTests.Spawning;

/// <summary>A spawner alone, on a data directory laid out as <c>hearth up</c> does; the test plays the agent. What runs in a sandbox is the test's own program.</summary>
internal sealed class SpawnerProcess : IAsyncDisposable
{
    /// <summary>Runs lines of Python, each a JSON string, and answers with the JSON of what they leave in <c>answer</c>.</summary>
    public const string PythonTenant = """
        #!/usr/bin/python3
        import json, os
        requests, responses = os.fdopen(3, "rb"), os.fdopen(4, "wb", buffering=0)
        for line in requests:
            scope = {}
            try:
                exec(json.loads(line), scope)
                answer = scope.get("answer")
            except BaseException as failure:
                answer = {"error": repr(failure)}
            responses.write((json.dumps(answer) + "\n").encode())
        """;

    /// <summary>Starts fast and waits for its end.</summary>
    public const string IdleTenant = "#!/bin/sh\nread -r line <&3\n";

    private readonly List<string> _output = [];
    private readonly List<SpawnerConnection> _connections = [];
    private Process? _process;

    private SpawnerProcess(string data) => Data = data;

    public string Data { get; }

    public int Pid => _process!.Id;

    /// <summary>What it said, line by line.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return string.Join('\n', _output);
        }
    }

    public static byte[] Code { get; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    public static async Task<SpawnerProcess> StartAsync(string tenant = PythonTenant)
    {
        Needs.Root();
        if (!File.Exists(Published.Program("hearth-spawner")))
            Assert.Skip($"needs a built spawner: {Published.Program("hearth-spawner")} is absent; run ./hearth build");
        var spawner = Prepare(tenant);
        try
        {
            Assert.True(await spawner.RunAsync(), $"the spawner does not start:\n{spawner.Output}");
            return spawner;
        }
        catch
        {
            await spawner.DisposeAsync();
            throw;
        }
    }

    /// <summary>Only the data directory.</summary>
    public static SpawnerProcess Prepare(string tenant)
    {
        var parent = Environment.GetEnvironmentVariable("HEARTH_TEST_DATA") is { Length: > 0 } chosen ? chosen : "/var/tmp";
        var spawner = new SpawnerProcess(Path.Combine(parent, $"hearth-spawning-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}"));
        foreach (var (folder, mode) in (ReadOnlySpan<(string, string)>)[("", "755"), ("root", "755"), ("run", "755"), ("tmp", "700"), ("code", "755"), ("runtimes/provided", "755"), ("runtimes/python", "755")])
            Directory.CreateDirectory(Path.Combine(spawner.Data, folder), (UnixFileMode)Convert.ToInt32(mode, 8));
        var code = Directory.CreateDirectory(Path.Combine(spawner.Data, "code", Convert.ToHexStringLower(Code)));
        File.WriteAllText(Path.Combine(code.FullName, "code.txt"), "code");
        foreach (var path in (string[])[Path.Combine(spawner.Data, "code"), code.FullName, Path.Combine(code.FullName, "code.txt")])
            Native.Chown(path, Identity.Agent);
        foreach (var folder in (string[])["provided", "python"])
        {
            var adapter = Path.Combine(spawner.Data, "runtimes", folder, "hearth-adapter");
            File.WriteAllText(adapter, tenant);
            File.SetUnixFileMode(adapter, (UnixFileMode)Convert.ToInt32("755", 8));
        }

        // Python's own client but for its loop, in the place of which the tenant runs.
        var python = Path.Combine(spawner.Data, "runtimes/python");
        Directory.CreateDirectory(Path.Combine(python, "_hearth"));
        foreach (var file in (string[])["bootstrap.py", "zygote.py"])
            File.Copy(Path.Combine(Published.Folder, "runtimes/python", file), Path.Combine(python, file));
        File.WriteAllText(Path.Combine(python, "_hearth/loop.py"), $"import json, os, random, ssl, tempfile, uuid\ndef prepare():\n    random.random(); ssl.RAND_bytes(1); next(tempfile._get_candidate_names()); uuid.uuid1()\ndef run(folder):\n{string.Join('\n', PythonTenant.Split('\n')[2..].Select(static line => "    " + line))}\n");
        return spawner;
    }

    /// <summary>False when it ended before it was ready.</summary>
    public async Task<bool> RunAsync(params string[] options)
    {
        // On cgroup v2 it divides the group it is started in, so it gets one of its own.
        string[] command = Group is { } group
            ? ["/bin/sh", "-c", "mkdir -p \"$0\" && echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", group, Published.Program("hearth-spawner"), "--data", Data, .. options]
            : [Published.Program("hearth-spawner"), "--data", Data, .. options];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        var ready = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new Process { StartInfo = start, EnableRaisingEvents = true };
        _process.OutputDataReceived += (_, line) => Take(line.Data, ready);
        _process.ErrorDataReceived += (_, line) => Take(line.Data, null);
        _process.Exited += (_, _) => ready.TrySetResult(false);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        var isReady = await ready.Task.WaitAsync(Patience.Seconds(60));
        if (!isReady)
            await _process.WaitForExitAsync();
        return isReady;
    }

    /// <summary>Connects, says Hello, and is taken on; while another agent is connected or on its way out the spawner turns one away.</summary>
    public async Task<SpawnerConnection> ConnectAsync()
    {
        SpawnerConnection? connection = null;
        await Patience.UntilAsync($"the spawner takes an agent ({Output})", () => (connection = SpawnerConnection.TryConnect(Data)) is not null);
        _connections.Add(connection!);
        return connection!;
    }

    /// <summary>Open descriptors of the spawner, with what they lead to.</summary>
    public List<string> Descriptors()
    {
        var found = new List<string>();
        foreach (var entry in Directory.EnumerateFileSystemEntries($"/proc/{Pid}/fd"))
        {
            if (new FileInfo(entry).LinkTarget is { } target)
                found.Add(target);
        }

        return found;
    }

    /// <summary>Its zygotes that have executed the interpreter. A child of theirs is the same to look at at first, but for its PID namespace.</summary>
    public List<int> Zygotes()
    {
        var ids = Namespace(Pid);
        return [.. ProcessTable.ChildrenOf(Pid).Where(pid => ProcessTable.IsOf(pid, Identity.Zygote) && ProcessTable.Read(pid, "cmdline").Contains("zygote.py", StringComparison.Ordinal) && Namespace(pid) == ids)];

        static string? Namespace(int pid)
        {
            try
            {
                return new FileInfo($"/proc/{pid}/ns/pid").LinkTarget;
            }
            catch (IOException)
            {
                return null;
            }
        }
    }

    /// <returns>The exit code.</returns>
    public async Task<int> StopAsync(int signal = Native.SigTerm)
    {
        if (_process is null)
            return 0;
        if (!_process.HasExited)
            _ = Native.Kill(_process.Id, signal);
        await _process.WaitForExitAsync().WaitAsync(Patience.Seconds(60));
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
            connection.Dispose();
        try
        {
            await StopAsync();
        }
        finally
        {
            if (_process is { HasExited: false })
                _process.Kill();
            // One that was killed could not tidy up.
            if (_process is { ExitCode: not 0 })
                await HostProgram.RunAsync([Published.Program("hearth-spawner"), "--data", Data, "--sweep"]);
            _process?.Dispose();
            if (Group is { } group)
                await Patience.UntilAsync("the spawner's group can be removed", () => TryRemove(group, recursive: false));
            await Patience.UntilAsync("the data directory can be removed", () => TryRemove(Data, recursive: true));
        }
    }

    private string? Group => Environment.GetEnvironmentVariable("HEARTH_TEST_CGROUP") is { Length: > 0 } parent ? Path.Combine(parent, Path.GetFileName(Data)) : null;

    private static bool TryRemove(string folder, bool recursive)
    {
        try
        {
            if (Directory.Exists(folder))
                Directory.Delete(folder, recursive);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private void Take(string? line, TaskCompletionSource<bool>? ready)
    {
        if (line is null)
            return;
        lock (_output)
            _output.Add(line);
        if (line == "hearth-spawner: ready")
            ready?.TrySetResult(true);
    }
}
