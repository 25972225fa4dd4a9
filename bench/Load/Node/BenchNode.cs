using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using Grpc.Net.Client;
using Hearth.Bench.Load.Invocations;
using Hearth.Bench.Load.Measuring;
using Hearth.Bench.Load.Processes;
using Hearth.Contracts.V1;

namespace Hearth.Bench.Load.Node;

/// <summary>A real node, started as a user starts one; logs and metering are on, as they always are. Disposing stops it; <see cref="CheckNothingLeft"/> says whether that was all.</summary>
internal sealed partial class BenchNode : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _output = new();
    private readonly string _data = BenchContext.NewFolder();
    private readonly CpuGroup? _group;
    private Process _up = new();
    private GrpcChannel? _channel;
    private List<string> _left = [];
    private bool _started;

    private BenchNode(CpuGroups groups) => _group = groups.Create("node");

    public Uri Endpoint { get; private set; } = null!;

    public Functions.FunctionsClient Functions { get; private set; } = null!;

    public Operations.OperationsClient Operations { get; private set; } = null!;

    public Events.EventsClient Events { get; private set; } = null!;

    /// <summary>Folders of code that are unpacked and ready.</summary>
    public int CodeFolders => Directory.EnumerateDirectories(Path.Combine(_data, "code")).Count(static path => Path.GetFileName(path).Length == 64);

    /// <summary>Of the node and everything in it since its start; null where that cannot be read.</summary>
    public long? CpuNanos() => _group?.CpuNanos();

    public static async Task<BenchNode> StartAsync(BenchContext context)
    {
        var node = new BenchNode(context.Groups);
        try
        {
            await node.UpAsync(context.Cancelled);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    /// <summary>The pid of one of the node's own programs.</summary>
    public int Pid(string program) => RunningFrom(Path.Combine(_data, "bin")).Where(process => process.Path.EndsWith("/" + program, StringComparison.Ordinal)).Min(static process => process.Pid);

    /// <summary>The processes of all sandboxes that there are.</summary>
    public IEnumerable<int> SandboxPids() =>
        from slice in Groups().Where(static path => path.Contains("/unified/", StringComparison.Ordinal) || !Directory.Exists("/sys/fs/cgroup/unified"))
        from folder in Directory.EnumerateDirectories(slice, "*", SearchOption.AllDirectories)
        from line in ReadLines(Path.Combine(folder, "cgroup.procs"))
        select int.Parse(line, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Stops it and starts it again on the same data and port, until that port answers a request.</summary>
    /// <returns>Nanoseconds from the start of `hearth up` to the last byte of the first answer, which is that of a call.</returns>
    public async Task<long> RestartAsync(Func<ICaller> caller, CancellationToken cancelled)
    {
        Native.Kill(_up.Id, Native.SigTerm);
        await _up.WaitForExitAsync(cancelled);
        _channel?.Dispose();
        _up.Dispose();
        _up = new Process();
        var began = Clock.Now;
        Start(Endpoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture));
        while (true)
        {
            try
            {
                using var first = caller();
                first.Call(1);
                break;
            }
            catch (SocketException) when (!_up.HasExited)
            {
                await Task.Delay(1, cancelled);
            }
        }

        var nanos = Clock.Now - began;
        Connect(Path.Combine(_data, "run", "control", "grpc.sock"));
        return nanos;
    }

    /// <summary>Called after disposing, when all else went well: a failure before it is the one to tell.</summary>
    public void CheckNothingLeft()
    {
        if (_left.Count > 0)
            throw new BenchException($"the node left behind: {string.Join("; ", _left)}\n{string.Join('\n', _output)}");
    }

    public async ValueTask DisposeAsync()
    {
        _channel?.Dispose();
        if (_started)
        {
            if (!_up.HasExited)
                Native.Kill(_up.Id, Native.SigTerm);
            var ended = _up.WaitForExit(40_000);
            if (!ended)
                _up.Kill();
            for (var i = 0; i < 50 && (_left = Left()).Count > 0; i++)
                await Task.Delay(100);
            if (!ended)
                _left.Add("hearth up itself, 40 s after SIGTERM");
            foreach (var (pid, _) in RunningFrom(_data))
                Native.Kill(pid, Native.SigKill);
        }

        _up.Dispose();
        _group?.Remove();
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    private TaskCompletionSource<Uri> Start(string port)
    {
        // What is reserved for instances is not what they hold; the bench keeps few enough of them.
        var command = CpuGroup.Wrap(_group, Published.Program("hearth"), "up", "--data", _data, "--port", port, "--memory-budget-mb", "262144");
        var ready = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        _up.StartInfo = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        _up.StartInfo.Environment["NO_COLOR"] = "1";
        _up.EnableRaisingEvents = true;
        _up.OutputDataReceived += (_, line) => Take(line.Data, ready);
        _up.ErrorDataReceived += (_, line) => Take(line.Data, null);
        _up.Exited += (_, _) => ready.TrySetException(new BenchException("hearth up ended before it was ready"));
        _up.Start();
        _started = true;
        _up.BeginOutputReadLine();
        _up.BeginErrorReadLine();
        return ready;
    }

    private async Task UpAsync(CancellationToken cancelled)
    {
        var ready = Start("0");
        try
        {
            Endpoint = await ready.Task.WaitAsync(TimeSpan.FromSeconds(60), cancelled);
        }
        catch (Exception e) when (e is TimeoutException or BenchException)
        {
            throw new BenchException($"{e.Message}\n{string.Join('\n', _output)}", e);
        }

        Connect(Path.Combine(_data, "run", "control", "grpc.sock"));
    }

    private void Connect(string socket)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancelled) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancelled);
                return new NetworkStream(connection, ownsSocket: true);
            },
        };
        _channel = GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
        Functions = new Functions.FunctionsClient(_channel);
        Operations = new Operations.OperationsClient(_channel);
        Events = new Events.EventsClient(_channel);
    }

    private List<string> Left() => [.. RunningFrom(_data).Select(static process => $"process {process.Pid} {process.Path}"), .. Groups().Select(static path => $"cgroup {path}")];

    /// <summary>The node's slices in each hierarchy.</summary>
    private List<string> Groups()
    {
        var name = $"hearth-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(_data)))[..12]}";
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = true };
        return [.. File.ReadLines("/proc/self/mountinfo").Where(static line => line.Contains(" - cgroup", StringComparison.Ordinal)).Select(static line => line.Split(' ')[4]).Distinct()
            .SelectMany(mount => Directory.EnumerateDirectories(mount, name + "*", options))];
    }

    private static List<(int Pid, string Path)> RunningFrom(string folder)
    {
        List<(int, string)> found = [];
        foreach (var entry in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(entry), out var pid))
                continue;
            try
            {
                if (new FileInfo($"{entry}/exe").LinkTarget is { } path && path.StartsWith(folder + "/", StringComparison.Ordinal))
                    found.Add((pid, path.Replace(" (deleted)", "", StringComparison.Ordinal)));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile.
            }
        }

        return found;
    }

    private static string[] ReadLines(string path)
    {
        try
        {
            return File.ReadAllLines(path);
        }
        catch (IOException)
        {
            return [];
        }
    }

    private void Take(string? line, TaskCompletionSource<Uri>? ready)
    {
        if (line is null)
            return;
        _output.Enqueue(line);
        if (ready is not null && EndpointLine().Match(line) is { Success: true } match)
            ready.TrySetResult(new Uri(match.Groups[1].Value));
    }

    [GeneratedRegex(@"endpoint\s+(http://\S+)")]
    private static partial Regex EndpointLine();
}
