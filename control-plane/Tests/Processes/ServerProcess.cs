using System.Diagnostics;
using System.Net.Sockets;
using Grpc.Net.Client;

namespace Hearth.ControlPlane.Tests.Processes;

/// <summary>The built program, started as a node starts it.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    public ServerProcess(params string[] args)
        : this([], args)
    {
    }

    /// <param name="wrapper">A command that execs the rest of its arguments.</param>
    public ServerProcess(string[] wrapper, string[] args)
    {
        string program = Environment.GetEnvironmentVariable("HEARTH_CONTROL_PLANE") ?? Path.Join(AppContext.BaseDirectory, "hearth-control-plane");
        string[] command = [.. wrapper, program, .. args];
        _process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    public int Id => _process.Id;

    public Task<string?> FirstLineAsync() => _process.StandardOutput.ReadLineAsync(Xunit.TestContext.Current.CancellationToken).AsTask();

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    public void Terminate() => Tmds.Linux.LibC.kill(_process.Id, Tmds.Linux.LibC.SIGTERM);

    /// <summary>gRPC to the server of a data directory.</summary>
    public static GrpcChannel Connect(string data) => GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
    {
        DisposeHttpClient = true,
        HttpHandler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                await connection.ConnectAsync(new UnixDomainSocketEndPoint(Path.Join(data, "run", "control", "grpc.sock")), cancellationToken);
                return new NetworkStream(connection, ownsSocket: true);
            },
        },
    });

    public async Task<(int Code, string Out, string Error)> EndAsync()
    {
        Task<string> output = _process.StandardOutput.ReadToEndAsync(Xunit.TestContext.Current.CancellationToken);
        string error = await _process.StandardError.ReadToEndAsync(Xunit.TestContext.Current.CancellationToken);
        await _process.WaitForExitAsync(Xunit.TestContext.Current.CancellationToken);
        return (_process.ExitCode, await output, error);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.WaitForExit();
        _process.Dispose();
    }
}
