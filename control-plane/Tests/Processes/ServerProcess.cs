using System.Diagnostics;

namespace Hearth.ControlPlane.Tests.Processes;

/// <summary>The built program, started as a node starts it.</summary>
internal sealed class ServerProcess : IDisposable
{
    private readonly Process _process;

    public ServerProcess(params string[] args)
    {
        string program = Environment.GetEnvironmentVariable("HEARTH_CONTROL_PLANE") ?? Path.Join(AppContext.BaseDirectory, "hearth-control-plane");
        _process = Process.Start(new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true })!;
    }

    public Task<string?> FirstLineAsync() => _process.StandardOutput.ReadLineAsync(Xunit.TestContext.Current.CancellationToken).AsTask();

    /// <summary>SIGKILL.</summary>
    public void Kill() => _process.Kill();

    public void Terminate() => Tmds.Linux.LibC.kill(_process.Id, Tmds.Linux.LibC.SIGTERM);

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
