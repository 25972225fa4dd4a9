using System.Collections;
using Hearth.Adapter.Frames;
using Hearth.Adapter.Processes;
using Hearth.Adapter.Telemetry;

namespace Hearth.Adapter;

// A function whose language has a client of ours, which speaks frames: behind this program when the function has extensions or a wrapper.
internal sealed partial class Sandbox
{
    private const string Wrapper = "AWS_LAMBDA_EXEC_WRAPPER";

    /// <summary>Tells a wrapped client that its environment is the function's as the wrapper left it, but for these names.</summary>
    private const string NotTheFunctions = "_HEARTH_WRAPPED";

    /// <summary>Exit codes of a shell that cannot execute a program, and that does not find it.</summary>
    private const int NotExecutable = 126, NotFound = 127;
    private const int NoSuchFile = 2, NoDirectory = 20;

    private FrameClient? _client;
    private LineSplitter? _clientLines;

    /// <summary>
    /// At once: an interpreter takes as long to start as extensions to register, and loads nothing of the function before its Init. Its Hello is the sandbox's.
    /// </summary>
    private bool StartClient() => StartClient(_options.Client!, OwnEnvironment(), out _);

    private bool StartClient(string[] command, Dictionary<string, string> environment, out int error)
    {
        _clientLines ??= Lines(ofExtension: false);
        var client = new FrameClient(_reactor, _agent, this);
        var process = client.Start(command, environment, _clientLines.Add, ended =>
        {
            if (ReferenceEquals(ended, _runtime))
                OnRuntimeEnded(ended);
        }, out error);
        if (process is null)
        {
            Descriptors.WriteError($"hearth-adapter: {command[0]}: {Native.ErrorText(error)}\n");
            return false;
        }
        (_client, _runtime) = (client, process);
        _outputs.Add(process.Output);
        return true;
    }

    /// <summary>The extensions have registered.</summary>
    private void InitializeClient(FrameClient client)
    {
        var environment = ChildEnvironment.OfRuntime(_environment, _port);
        if (Variable(Wrapper) is { Length: > 0 } wrapper)
        {
            client.Dispose();
            _runtime!.Signal(Killed);
            if (!StartClient([wrapper, .. _options.Client!], Wrapped(environment), out var error))
            {
                FailInit("Runtime.ExitError", $"Runtime exited with error: exit status {(error is NoSuchFile or NoDirectory ? NotFound : NotExecutable)}");
                return;
            }
        }
        _client!.Initialize(_extensions.Facts.Handler, environment, _initDeadline);
    }

    /// <summary>What the wrapper script sets is there when the client starts, and stays.</summary>
    private static Dictionary<string, string> Wrapped(Dictionary<string, string> environment)
    {
        var all = OwnEnvironment();
        all[NotTheFunctions] = string.Join(',', all.Keys.Where(name => !environment.ContainsKey(name)).Append(NotTheFunctions));
        foreach (var (name, value) in environment)
            all[name] = value;
        return all;
    }

    private static Dictionary<string, string> OwnEnvironment()
    {
        var own = new Dictionary<string, string>();
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            own[(string)variable.Key] = (string)variable.Value!;
        return own;
    }
}
