using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Hearth.NativeTests.Harness;

/// <summary>A real node, started as a user starts one: <c>hearth up --data D --port 0</c>. Disposing stops it and removes its data directory.</summary>
public sealed partial class TestNode : IAsyncDisposable
{
    /// <summary>Set in the environment of <c>up</c>; nothing of it may be seen in a sandbox.</summary>
    public const string Secret = "hearth-test-secret-d41f";

    private readonly ConcurrentQueue<string> _output = new();
    private readonly string[] _options;
    private Process _up = null!;

    private TestNode(string data, string[] options)
    {
        Data = data;
        _options = options;
    }

    public string Data { get; }

    public Uri Endpoint { get; private set; } = null!;

    public LambdaClient Client { get; private set; } = null!;

    public int UpPid => _up.Id;

    /// <summary>All that <c>up</c> has said, and the end of its processes' logs: for the message of a failed test.</summary>
    public string Output => string.Join('\n', _output) + "\n" + string.Join('\n', Logs());

    public static async Task<TestNode> StartAsync(params string[] options)
    {
        Needs.Node();
        // Not /tmp: it may be a small tmpfs, mounted nosuid. Every user may pass through /var/tmp.
        var parent = Environment.GetEnvironmentVariable("HEARTH_TEST_DATA") is { Length: > 0 } chosen ? chosen : "/var/tmp";
        var node = new TestNode(Path.Combine(parent, $"hearth-test-{Environment.ProcessId}-{Guid.NewGuid().ToString("N")[..8]}"), options);
        try
        {
            await node.UpAsync();
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }

        return node;
    }

    /// <summary>Starts it (again) on the same data directory.</summary>
    /// <param name="wrapper">A command that execs the rest of its arguments.</param>
    public async Task UpAsync(params string[] wrapper)
    {
        string[] command = [.. OwnGroup(), .. wrapper, Published.Program("hearth"), "up", "--data", Data, "--port", "0", .. _options];
        var start = new ProcessStartInfo(command[0]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var argument in command[1..])
            start.ArgumentList.Add(argument);
        start.Environment["HEARTH_TEST_SECRET"] = Secret;
        start.Environment["NO_COLOR"] = "1";
        var ready = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        _up = new Process { StartInfo = start, EnableRaisingEvents = true };
        _up.OutputDataReceived += (_, line) => Take(line.Data, ready);
        _up.ErrorDataReceived += (_, line) => Take(line.Data, null);
        _up.Exited += (_, _) => ready.TrySetException(new InvalidOperationException("hearth up ended before it was ready"));
        _up.Start();
        _up.BeginOutputReadLine();
        _up.BeginErrorReadLine();
        try
        {
            Endpoint = await ready.Task.WaitAsync(Patience.Seconds(60));
        }
        catch (Exception e) when (e is TimeoutException or InvalidOperationException)
        {
            throw new InvalidOperationException($"{e.Message}\n{Output}", e);
        }

        Client?.Dispose();
        Client = new LambdaClient(Endpoint);
        await Patience.UntilAsync("management answers", Client.IsManagementUpAsync);
    }

    /// <summary>The processes of the node's own programs, by name: hearth-agent, hearth-spawner, hearth-control-plane.</summary>
    public List<int> Pids(string program) =>
        [.. ProcessTable.RunningFrom(Path.Combine(Data, "bin")).Where(pid => Path.GetFileName(ProcessTable.Executable(pid)) == program)];

    /// <summary>The one that <c>up</c> has started: a spawner's children carry its name, too.</summary>
    public int Pid(string program) => FindPid(program) ?? throw new InvalidOperationException($"{program} does not run\n{Output}");

    /// <summary>As <see cref="Pid"/>; null while it does not run. By its parent, and not as the lowest: pids begin anew when they are used up.</summary>
    public int? FindPid(string program) => Pids(program).Where(pid => ProcessTable.ParentOf(pid) == UpPid).Select(pid => (int?)pid).FirstOrDefault();

    public static void Kill(int pid, int signal) => _ = Native.Kill(pid, signal);

    /// <returns>The exit code of <c>up</c>.</returns>
    public async Task<int> StopAsync(int signal = Native.SigTerm)
    {
        if (!_up.HasExited)
            Kill(_up.Id, signal);
        try
        {
            await _up.WaitForExitAsync(new CancellationTokenSource(Patience.Seconds(40)).Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"hearth up does not end after signal {signal}\n{Output}");
        }

        return _up.ExitCode;
    }

    /// <summary>Fails with the list when anything of the node is left, after giving dying processes a moment.</summary>
    public async Task AssertNothingLeftAsync()
    {
        List<string> left = [];
        try
        {
            await Patience.UntilAsync("nothing is left", () => (left = LeakCheck.Find(Data)).Count == 0);
        }
        catch (TimeoutException e)
        {
            Xunit.Assert.Fail($"{e.Message}; left behind:\n{string.Join('\n', left)}\n{Output}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        try
        {
            if (_up is not null)
                await StopAsync();
        }
        finally
        {
            foreach (var pid in ProcessTable.RunningFrom(Data + "/bin"))
                Kill(pid, Native.SigKill);
            if (_up is { HasExited: false })
                _up.Kill();
            _up?.Dispose();
            // Busy until the last that was killed is gone.
            if (Group is { } group)
                await Patience.UntilAsync("the node's group can be removed", () => TryRemove(group));
            for (var i = 0; i < 50 && Directory.Exists(Data); i++)
            {
                try
                {
                    Directory.Delete(Data, recursive: true);
                }
                catch (IOException)
                {
                    await Task.Delay(100);
                }
            }
        }
    }

    private string? Group => Environment.GetEnvironmentVariable("HEARTH_TEST_CGROUP") is { Length: > 0 } parent ? Path.Combine(parent, Path.GetFileName(Data)) : null;

    private static bool TryRemove(string group)
    {
        try
        {
            if (Directory.Exists(group))
                Directory.Delete(group);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    // On cgroup v2 a node divides the group it is started in, and refuses one where others live: the test itself does.
    private string[] OwnGroup() => Group is { } group ? ["/bin/sh", "-c", "mkdir -p \"$0\" && echo $$ > \"$0/cgroup.procs\" && exec \"$@\"", group] : [];

    private void Take(string? line, TaskCompletionSource<Uri>? ready)
    {
        if (line is null)
            return;
        _output.Enqueue(line);
        if (ready is not null && EndpointLine().Match(line) is { Success: true } match)
            ready.TrySetResult(new Uri(match.Groups[1].Value));
    }

    private IEnumerable<string> Logs()
    {
        var folder = Path.Combine(Data, "log");
        if (!Directory.Exists(folder))
            yield break;
        foreach (var file in Directory.EnumerateFiles(folder))
        {
            yield return $"--- {Path.GetFileName(file)}";
            foreach (var line in File.ReadLines(file).TakeLast(25))
                yield return line;
        }
    }

    [GeneratedRegex(@"endpoint\s+(http://\S+)")]
    private static partial Regex EndpointLine();
}
