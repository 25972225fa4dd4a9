using System.Diagnostics;
using System.Globalization;
using System.Text;
using Hearth.Agent.Spawning;
using Hearth.Sandbox.Linux;
using Microsoft.Win32.SafeHandles;
using Tmds.Linux;

namespace Hearth.Agent.Tests.Fakes;

/// <summary>A runtime as a plain process: three FIFOs for pipes, SIGSTOP for the freezer, no isolation.</summary>
internal sealed class FakeSandbox : ISandbox
{
    private const int Read = LibCFlags.ReadOnly;
    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-agent-test-").FullName;
    private readonly string[] _command;
    private readonly FakeSpawner _spawner;
    private readonly Lock _gate = new();
    private Process? _process;
    private bool _destroyed;
    private bool _lost;
    private int _generation;

    public FakeSandbox(FakeSpawner spawner, ulong id, string[] command)
    {
        _spawner = spawner;
        Id = id;
        _command = command;
        Start();
    }

    public ulong Id { get; }

    public SafeFileHandle Requests { get; private set; } = null!;

    public SafeFileHandle Responses { get; private set; } = null!;

    public SafeFileHandle Logs { get; private set; } = null!;

    public Task<RuntimeExit> Exited { get; private set; } = null!;

    public int Freezes { get; private set; }

    public int Thaws { get; private set; }

    public int Resets { get; private set; }

    public int ProcessId => _process!.Id;

    /// <summary>Something of the runtime's lies in its pipe, and nobody has read it yet.</summary>
    public unsafe bool HasSpoken
    {
        get
        {
            var polled = new pollfd { fd = (int)Responses.DangerousGetHandle(), events = 1 /* POLLIN */ };
            return Kernel.Poll(&polled, 1, 0) > 0 && (polled.revents & 1) != 0;
        }
    }

    /// <summary>The next end of the runtime is told as an end by the memory limit.</summary>
    public bool NextExitIsOutOfMemory { get; set; }

    public async Task ResetAsync(CancellationToken cancellationToken)
    {
        if (_spawner.RefuseResets)
            throw new SpawnerException("reset: refused by the test");
        Kill();
        await Exited;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_destroyed, this);
            CloseHandles();
            Resets++;
            Start();
        }
    }

    public void Freeze()
    {
        Freezes++;
        Signal(19);
    }

    public void Thaw()
    {
        Thaws++;
        Signal(18);
    }

    /// <summary>Called by the loop's thread as it reports an answer: a test may hold the loop up here.</summary>
    public Action? Reporting { get; set; }

    public SandboxStats ReadStats()
    {
        Reporting?.Invoke();
        long peak = 0;
        foreach (var line in File.ReadLines($"/proc/{_process!.Id}/status"))
        {
            if (line.StartsWith("VmHWM:", StringComparison.Ordinal))
                peak = long.Parse(line.AsSpan("VmHWM:".Length).TrimEnd("kB ").Trim(), CultureInfo.InvariantCulture) * 1024;
        }
        return new SandboxStats(peak, peak, 0, 0);
    }

    public async Task DestroyAsync()
    {
        lock (_gate)
        {
            if (_destroyed)
                return;
            _destroyed = true;
        }
        Kill();
        await Exited;
        CloseHandles();
        _process!.Dispose();
        Directory.Delete(_folder, recursive: true);
        _spawner.Removed(this);
    }

    /// <summary>As when the spawner dies: the whole sandbox goes with it.</summary>
    public void Lose()
    {
        _lost = true;
        Kill();
    }

    public void Signal(int number)
    {
        lock (_gate)
            _ = LibC.kill(_process!.Id, number);
    }

    private void Kill()
    {
        try
        {
            _process!.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // Ended by itself.
        }
    }

    private void Start()
    {
        var n = ++_generation;
        var (requests, responses, logs) = (Fifo($"requests{n}"), Fifo($"responses{n}"), Fifo($"logs{n}"));
        // Read and write: opening waits for nobody.
        Requests = Open(requests, LibCFlags.ReadWrite);
        Responses = Open(responses, Read);
        Logs = Open(logs, Read);
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = _folder };
        foreach (var argument in (string[])["-c", $"exec \"$@\" 3<{requests} 4>{responses} >{logs} 2>&1", "sh", .. _command])
            start.ArgumentList.Add(argument);
        start.Environment.Clear();
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["DOTNET_ROOT"] = "/usr/share/dotnet";
        _process = Process.Start(start)!;
        Exited = WaitAsync(_process);
    }

    private async Task<RuntimeExit> WaitAsync(Process process)
    {
        await process.WaitForExitAsync();
        var code = process.ExitCode;
        var outOfMemory = NextExitIsOutOfMemory;
        NextExitIsOutOfMemory = false;
        return code > 128 ? new RuntimeExit(0, code - 128, outOfMemory, _lost) : new RuntimeExit(code, 0, outOfMemory, _lost);
    }

    private unsafe string Fifo(string name)
    {
        var path = Path.Join(_folder, name);
        fixed (byte* p = Encoding.UTF8.GetBytes(path + '\0'))
        {
            if (LibC.mkfifo(p, (mode_t)0x180u) != 0)
                throw new IOException($"mkfifo {path}");
        }
        return path;
    }

    private static unsafe SafeFileHandle Open(string path, int flags)
    {
        fixed (byte* p = Encoding.UTF8.GetBytes(path + '\0'))
        {
            var fd = LibC.open(p, flags | LibC.O_NONBLOCK | LibC.O_CLOEXEC);
            return fd >= 0 ? new SafeFileHandle(fd, ownsHandle: true) : throw new IOException($"open {path}");
        }
    }

    private void CloseHandles()
    {
        Requests.Dispose();
        Responses.Dispose();
        Logs.Dispose();
    }

    private static class LibCFlags
    {
        public const int ReadOnly = 0;
        public const int ReadWrite = 2;
    }
}
