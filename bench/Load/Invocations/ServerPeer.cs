using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Hearth.Bench.Load.Processes;

namespace Hearth.Bench.Load.Invocations;

/// <summary>A server of somebody else's that does over HTTP what the hello function does, without isolation, limits, logs or metering of each call.</summary>
internal sealed class ServerPeer : IDisposable
{
    private readonly CpuGroup? _group;
    private readonly Process _process;

    private ServerPeer(string name, byte[] answer, CpuGroups groups, Func<int, string[]> command)
    {
        (Name, Answer) = (name, answer);
        var port = FreePort();
        Endpoint = new Uri($"http://127.0.0.1:{port}");
        _group = groups.Create(name);
        var wrapped = CpuGroup.Wrap(_group, command(port));
        _process = Process.Start(new ProcessStartInfo(wrapped[0], wrapped[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Path.Combine(AppContext.BaseDirectory, "Invocations", "peers"),
        })!;
        // What it says must not fill a pipe that nobody reads.
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        AwaitConnection(port);
    }

    public string Name { get; }

    public Uri Endpoint { get; }

    public byte[] Answer { get; }

    /// <summary>All that this machine has; of the others, why not.</summary>
    /// <param name="absent">Name and reason.</param>
    public static List<ServerPeer> StartAll(CpuGroups groups, List<(string Name, string Reason)> absent)
    {
        const string uwsgi = "/usr/bin/uwsgi-core", plugins = "/usr/lib/uwsgi/plugins";
        var workerd = Environment.GetEnvironmentVariable("HEARTH_BENCH_WORKERD") ?? "";
        List<ServerPeer> started = [];
        try
        {
            Start("uWSGI, 2 processes", Node.Language.All[0].Answer, File.Exists(uwsgi) && File.Exists($"{plugins}/python3_plugin.so"), "apt-get install uwsgi-core uwsgi-plugin-python3", port =>
            [
                uwsgi, "--plugins-dir", plugins, "--need-plugin", "http", "--need-plugin", "python3", "--http", $"127.0.0.1:{port}", "--http-keepalive=65", "--master", "--processes", "2",
                "--disable-logging", "--die-on-term", "--wsgi-file", "uwsgi.py",
            ]);
            Start("workerd", Node.Language.All[1].Answer, File.Exists(workerd), "npm could not fetch it", port => [workerd, "serve", "workerd.capnp", "--socket-addr", $"http=127.0.0.1:{port}"]);
            return started;
        }
        catch
        {
            started.ForEach(static peer => peer.Dispose());
            throw;
        }

        void Start(string name, byte[] answer, bool isThere, string fix, Func<int, string[]> command)
        {
            if (isThere)
                started.Add(new ServerPeer(name, answer, groups, command));
            else
                absent.Add((name, fix));
        }
    }

    public long? CpuNanos() => _group?.CpuNanos();

    public void Dispose()
    {
        Native.Kill(_process.Id, Native.SigTerm);
        if (!_process.WaitForExit(10_000))
            _process.Kill(entireProcessTree: true);
        _process.Dispose();
        _group?.Remove();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private void AwaitConnection(int port)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            try
            {
                using var socket = new TcpClient();
                socket.Connect(IPAddress.Loopback, port);
                return;
            }
            catch (SocketException) when (!_process.HasExited && Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(20))
            {
                Thread.Sleep(20);
            }
            catch (SocketException e)
            {
                Dispose();
                throw new BenchException($"{Name} does not serve: {e.Message}");
            }
        }
    }
}
