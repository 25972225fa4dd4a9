using System.Diagnostics;
using System.Text;
using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Runtimes;

/// <summary>
/// A runtime client as a plain process, its descriptors 3 and 4 two FIFOs, driven through the agent's own <see cref="SandboxProtocol"/>.
/// Killed after 60 s whatever happens, so that a hang fails the test and not the run.
/// </summary>
public sealed class RuntimeProcess : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-runtime-").FullName;
    private readonly StringBuilder _output = new();
    private readonly SandboxProtocol _protocol = new();
    private readonly FrameBuffer _frames = new();
    private readonly Process _process;
    private readonly FileStream _requests;
    private readonly FileStream _responses;
    private readonly Timer _watchdog;
    private readonly Task _reading;

    public RuntimeProcess(RuntimeLanguage language, bool isAheadOfTime = false)
        : this(language.Executable, language.Arguments, isAheadOfTime ? "/" : language.TaskRoot, isAheadOfTime)
    {
    }

    /// <param name="isAheadOfTime">It is told that its Init may be long in coming, and does then what it can do without it.</param>
    public RuntimeProcess(string executable, string[] arguments, string taskRoot, bool isAheadOfTime = false)
    {
        var requests = Path.Combine(_folder, "requests");
        var responses = Path.Combine(_folder, "responses");
        using (var made = Process.Start("/usr/bin/mkfifo", [requests, responses]))
            made.WaitForExit();
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardOutput = true, WorkingDirectory = taskRoot, StandardOutputEncoding = Encoding.UTF8 };
        foreach (var argument in (string[])["-c", "exec \"$@\" 3<requests-fifo 4>responses-fifo 2>&1", "sh", executable, .. arguments])
            start.ArgumentList.Add(argument.Replace("requests-fifo", requests, StringComparison.Ordinal).Replace("responses-fifo", responses, StringComparison.Ordinal));
        // What the spawner gives: nothing that a handler could mistake for its own.
        start.Environment.Clear();
        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["DOTNET_ROOT"] = "/usr/share/dotnet";
        if (isAheadOfTime)
            start.Environment["HEARTH_WARMED"] = "1";
        try
        {
            _process = Process.Start(start)!;
        }
        catch
        {
            Directory.Delete(_folder, recursive: true);
            throw;
        }
        _watchdog = new Timer(_ => Kill(), null, TimeSpan.FromSeconds(60), Timeout.InfiniteTimeSpan);
        _reading = Task.Run(() =>
        {
            var buffer = new char[4096];
            for (int count; (count = _process.StandardOutput.Read(buffer)) > 0;)
            {
                lock (_output)
                    _output.Append(buffer, 0, count);
            }
        });
        _requests = new FileStream(requests, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        _responses = new FileStream(responses, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
    }

    /// <summary>Skips when the language is missing; else a process whose handler is loaded.</summary>
    public static RuntimeProcess Start(RuntimeLanguage language, string handler, IReadOnlyDictionary<string, string> environment, bool isAheadOfTime = false)
    {
        language.SkipWhenMissing();
        var runtime = new RuntimeProcess(language, isAheadOfTime);
        try
        {
            var started = runtime.Initialize(handler, environment);
            Assert.True(started?.Kind == FrameKind.InitDone, $"{started?.Text} {runtime.Output}");
            return runtime;
        }
        catch
        {
            runtime.Dispose();
            throw;
        }
    }

    public int Hellos { get; private set; }

    public string Runtime { get; private set; } = "";

    public SandboxState State => _protocol.State;

    /// <summary>What the process that runs the handler was executed with: the last one, when one has started another to be it.</summary>
    public string[] StartedWith
    {
        get
        {
            var pid = $"{_process.Id}";
            while (File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries) is [var child, ..])
                pid = child;
            return File.ReadAllText($"/proc/{pid}/environ").Split('\0', StringSplitOptions.RemoveEmptyEntries);
        }
    }

    /// <summary>All that was written to stdout and stderr, once the process has ended.</summary>
    public string Output
    {
        get
        {
            lock (_output)
                return _output.ToString();
        }
    }

    /// <summary>Hello, Init (again after a re-exec), then InitDone or the Error of a failed start; null when the process ended instead.</summary>
    public RuntimeAnswer? Initialize(string handler, IReadOnlyDictionary<string, string> environment)
    {
        while (Read() is { } answer)
        {
            if (answer.Kind != FrameKind.Hello)
                return answer;
            Hellos++;
            _frames.Clear();
            _protocol.WriteInit(_frames, handler, environment, DateTimeOffset.UtcNow.AddSeconds(10).ToUnixTimeMilliseconds());
            Send();
        }
        return null;
    }

    /// <summary>All frames of the answer; empty when the process ended instead.</summary>
    public List<RuntimeAnswer> InvokeForAll(ReadOnlySpan<byte> payload, InvokeHeader header)
    {
        SendInvoke(payload, header);
        return ReadAnswers();
    }

    public void SendInvoke(ReadOnlySpan<byte> payload, InvokeHeader header)
    {
        _frames.Clear();
        _protocol.WriteInvokeHeader(_frames, header, payload.Length);
        Send();
        _requests.Write(payload);
    }

    public List<RuntimeAnswer> ReadAnswers()
    {
        var answers = new List<RuntimeAnswer>();
        while (Read() is { } answer)
        {
            answers.Add(answer);
            if (_protocol.State is SandboxState.Ready or SandboxState.Ending)
                break;
        }
        return answers;
    }

    public RuntimeAnswer? Invoke(string payload) => InvokeForAll(Encoding.UTF8.GetBytes(payload), Header()).LastOrDefault();

    public static InvokeHeader Header() => new(
        "8476a536-e9f4-11e8-9739-2dfe598c3fcd", DateTimeOffset.UtcNow.AddSeconds(30).ToUnixTimeMilliseconds(),
        "arn:aws:lambda:us-east-1:000000000000:function:cases", ContentType: "application/json");

    /// <summary>Sends Shutdown; the exit code.</summary>
    public int ShutDown()
    {
        _frames.Clear();
        _protocol.WriteShutdown(_frames, DateTimeOffset.UtcNow.AddSeconds(2).ToUnixTimeMilliseconds(), "spindown");
        Send();
        return WaitForExit();
    }

    public int CloseRequests()
    {
        _requests.Dispose();
        return WaitForExit();
    }

    public void SendRaw(ReadOnlySpan<byte> bytes) => _requests.Write(bytes);

    public int WaitForExit()
    {
        _process.WaitForExit();
        _reading.Wait();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        Kill();
        _process.WaitForExit();
        _reading.Wait(TimeSpan.FromSeconds(5));
        _watchdog.Dispose();
        _requests.Dispose();
        _responses.Dispose();
        _protocol.Dispose();
        _process.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>The next frame, or null at the end of the stream.</summary>
    public RuntimeAnswer? Read()
    {
        RuntimeFrame frame;
        while (!_protocol.TryRead(out frame))
        {
            var count = _responses.Read(_protocol.GetBuffer());
            if (count == 0)
                return null;
            _protocol.Advance(count);
        }
        if (frame.Kind == FrameKind.Hello)
            Runtime = $"{frame.Runtime} {frame.RuntimeVersion}";
        return RuntimeAnswer.Of(frame);
    }

    private void Send() => _requests.Write(_frames.WrittenSpan);

    private void Kill()
    {
        try
        {
            _process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // Ended by itself.
        }
    }
}
