using System.Diagnostics;
using System.Security.Cryptography;
using Hearth.Bench.Load.Processes;

namespace Hearth.Bench.Load.Sandboxes;

/// <summary>A spawner alone, on a data directory of its own, in a group of its own.</summary>
internal sealed class SpawnerProcess : IDisposable
{
    private readonly string _data = BenchContext.NewFolder();
    private readonly CpuGroup? _group;
    private readonly Process _process;

    public SpawnerProcess(CpuGroups groups)
    {
        var program = Published.Program("hearth-spawner");
        _group = groups.Create("spawner");
        _process = new Process();
        try
        {
            Prepare();
            var command = CpuGroup.Wrap(_group, program, "--data", _data);
            _process.StartInfo = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardOutput = true, RedirectStandardInput = true };
            _process.Start();
            if (_process.StandardOutput.ReadLine() != "hearth-spawner: ready")
                throw new BenchException($"{program} ended before it was ready; its reason is above");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public string Socket => Path.Combine(_data, "run", "spawner.sock");

    /// <summary>Hash of a folder with a Python function in the code store.</summary>
    public byte[] PythonCode { get; } = SHA256.HashData("bench"u8);

    /// <summary>Of the spawner and all its sandboxes since the start; null where that cannot be read.</summary>
    public long? CpuNanos() => _group?.CpuNanos();

    public void Dispose()
    {
        if (IsRunning())
        {
            Native.Kill(_process.Id, Native.SigTerm);
            if (!_process.WaitForExit(20_000))
            {
                _process.Kill();
                _process.WaitForExit();
                using var sweep = Process.Start(Published.Program("hearth-spawner"), ["--data", _data, "--sweep"]);
                sweep.WaitForExit();
            }
        }

        _process.Dispose();
        _group?.Remove();
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    private bool IsRunning()
    {
        try
        {
            return !_process.HasExited;
        }
        catch (InvalidOperationException)
        {
            return false; // it was never started
        }
    }

    private void Prepare()
    {
        var task = Path.Combine(_data, "code", Convert.ToHexStringLower(PythonCode));
        Directory.CreateDirectory(task);
        Directory.CreateDirectory(Path.Combine(_data, "run"));
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Invocations", "functions", "app.py"), Path.Combine(task, "app.py"));
        var source = Path.Combine(Published.Folder, "runtimes", "python");
        foreach (var file in Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(_data, "runtimes", "python", Path.GetRelativePath(source, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }
}
