using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Bench.Load.Processes;

/// <param name="Status">As wait(2) tells it: 0 is success.</param>
/// <param name="CpuNanos">User and system time of the process and of all that it reaped.</param>
internal readonly record struct Ended(int Status, long CpuNanos);

/// <summary>A command line in native memory, so that starting it costs no more than the kernel takes.</summary>
internal sealed unsafe class SpawnedProgram : IDisposable
{
    private static readonly string[] Environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"];
    private readonly SafeFileHandle _null = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
    private readonly byte** _argv;
    private readonly byte** _envp;

    /// <param name="command">Absolute path of the program, then its arguments.</param>
    public SpawnedProgram(params string[] command)
    {
        Command = string.Join(' ', command);
        _argv = Copy(command);
        _envp = Copy(Environment);
    }

    public string Command { get; }

    /// <param name="stdin">Descriptor that becomes its input, or -1 for /dev/null.</param>
    /// <param name="stdout">Likewise.</param>
    /// <param name="stderr">Likewise.</param>
    /// <returns>The pid; the caller waits for it.</returns>
    public int Start(int stdin = -1, int stdout = -1, int stderr = -1)
    {
        var nothing = (int)_null.DangerousGetHandle();
        var actions = stackalloc byte[Native.FileActionsSize];
        Native.FileActionsInit(actions);
        Native.FileActionsDup2(actions, stdin < 0 ? nothing : stdin, 0);
        Native.FileActionsDup2(actions, stdout < 0 ? nothing : stdout, 1);
        Native.FileActionsDup2(actions, stderr < 0 ? nothing : stderr, 2);
        var error = Native.PosixSpawn(out var pid, _argv[0], actions, null, _argv, _envp);
        Native.FileActionsDestroy(actions);
        return error == 0 ? pid : throw new BenchException($"{Command}: cannot be started (errno {error})");
    }

    /// <summary>Blocks until the process ends, and reaps it.</summary>
    public static Ended Wait(int pid)
    {
        var usage = stackalloc long[Native.RusageSize / sizeof(long)];
        int result, status;
        while ((result = Native.Wait4(pid, out status, 0, usage)) < 0 && Marshal.GetLastPInvokeError() == 4 /* EINTR */)
        {
        }

        if (result < 0)
            throw new BenchException($"wait4 {pid}: errno {Marshal.GetLastPInvokeError()}");
        return new Ended(status, ((usage[0] + usage[2]) * 1_000_000_000) + ((usage[1] + usage[3]) * 1_000));
    }

    /// <summary>Starts it and waits.</summary>
    /// <exception cref="BenchException">It did not end with 0.</exception>
    public Ended Run()
    {
        var ended = Wait(Start());
        return ended.Status == 0 ? ended : throw new BenchException($"{Command}: wait status {ended.Status} (exit code {(ended.Status >> 8) & 0xff}); try it in a shell");
    }

    /// <summary>Runs a command once, to see whether it works here.</summary>
    /// <returns>Null when it does; else the last line that it said.</returns>
    public static string? Complaint(string[] command)
    {
        using var process = Process.Start(new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true, RedirectStandardOutput = true, RedirectStandardInput = true })!;
        process.StandardInput.Close();
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : errors.Result.Trim().Split('\n')[^1] is { Length: > 0 } line ? line : $"exit code {process.ExitCode}";
    }

    public void Dispose()
    {
        _null.Dispose();
        Free(_argv);
        Free(_envp);
    }

    private static byte** Copy(string[] texts)
    {
        var array = (byte**)NativeMemory.AllocZeroed((nuint)(texts.Length + 1), (nuint)sizeof(byte*));
        for (var i = 0; i < texts.Length; i++)
        {
            var bytes = Encoding.UTF8.GetBytes(texts[i]);
            array[i] = (byte*)NativeMemory.AllocZeroed((nuint)bytes.Length + 1);
            bytes.CopyTo(new Span<byte>(array[i], bytes.Length));
        }

        return array;
    }

    private static void Free(byte** array)
    {
        for (var i = 0; array[i] is not null; i++)
            NativeMemory.Free(array[i]);
        NativeMemory.Free(array);
    }
}
