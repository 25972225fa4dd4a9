using System.Diagnostics;
using Hearth.Sandbox.Cgroups;
using Xunit;

namespace Hearth.NativeTests.Cgroups;

/// <summary>A shell in a group: it waits for a line before its script, so that everything the script does is charged to the group.</summary>
public sealed class GroupProcess : IDisposable
{
    private readonly Process _process;
    private bool _isDisposed;

    private GroupProcess(Process process) => _process = process;

    public int Pid => _process.Id;

    public bool HasExited => _process.HasExited;

    /// <summary>128 + the signal when one ended it.</summary>
    public int ExitCode => _process.ExitCode;

    public static GroupProcess Start(TestGroup group, string script)
    {
        var process = StartBlocked(script);
        File.WriteAllText($"{group.Unified}/cgroup.procs", process.Pid.ToString());
        var result = group.Driver.AttachV1(group.Handles, process.Pid, out var step);
        Assert.True(result == 0, $"AttachV1: {step}: errno {-result}");
        process.Release();
        return process;
    }

    /// <summary>Waits before its script until <see cref="Release"/>, in the group of the test run.</summary>
    public static GroupProcess StartBlocked(string script) => new(Process.Start(new ProcessStartInfo("/bin/sh", ["-c", $"read go; {script}"])
    {
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!);

    public void Release() => _process.StandardInput.WriteLine();

    public string? ReadLine() => _process.StandardOutput.ReadLine();

    public void WaitForExit() => Eventually.Is(() => _process.HasExited, $"process {Pid} ends");

    /// <summary>A test may end it before the run of its class does.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        if (!_process.HasExited)
            _process.Kill(entireProcessTree: true);
        _process.WaitForExit();
        _process.Dispose();
    }
}
