using Hearth.Agent.Tests.Fakes;
using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Runtimes.Adapter;

/// <summary>The adapter as a plain process in front of a language's client, with a function and extensions that are files; the test is the agent.</summary>
public sealed class ClientSandbox : IAsyncDisposable
{
    /// <summary>An extension that prints what it is told, and then runs the lines of Python that a test gives for each event.</summary>
    public static string Extension(string onEvent = "", string atStart = "") => $$"""
        #!/usr/bin/python3 -IS
        import http.client, json, os, signal, sys, time
        name = os.path.basename(sys.argv[0])
        api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        def call(method, path, headers, body=None):
            api.request(method, path, body, headers)
            answer = api.getresponse()
            return answer.status, answer.headers, answer.read()
        {{atStart}}
        _, headers, _ = call("POST", "/2020-01-01/extension/register", {"Lambda-Extension-Name": name}, '{"events":["INVOKE","SHUTDOWN"]}')
        mine = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
        while True:
            _, _, event = call("GET", "/2020-01-01/extension/event/next", mine)
            print(name, event.decode(), flush=True)
            {{onEvent}}
            if b"SHUTDOWN" in event:
                break

        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-behind-").FullName;

    private ClientSandbox()
    {
        Directory.CreateDirectory(Task);
        Directory.CreateDirectory(Path.Combine(Opt, "extensions"));
    }

    public string Task => Path.Combine(_folder, "task");

    public string Opt => Path.Combine(_folder, "opt");

    public RuntimeProcess Process { get; private set; } = null!;

    /// <summary>InitDone, the Error of a failed start, or null when the process ended.</summary>
    public RuntimeAnswer? Initialized { get; private set; }

    public string Output => Process.Output;

    /// <param name="client">Program and arguments.</param>
    /// <param name="files">"opt/extensions/name" and "opt/wrapper" may be executed.</param>
    public static ClientSandbox Start(string[] client, string handler, (string Path, string Content)[] files, params (string Name, string Value)[] variables)
    {
        Assert.SkipUnless(File.Exists(AdapterSandbox.Program), $"{AdapterSandbox.Program} was not built");
        var sandbox = new ClientSandbox();
        foreach (var (path, content) in files)
        {
            var full = Path.Combine(sandbox._folder, path);
            File.WriteAllText(full, content);
            if (path.StartsWith("opt/", StringComparison.Ordinal))
                File.SetUnixFileMode(full, (UnixFileMode)0b111_101_101);
        }
        var environment = RuntimeEnvironment.For(RuntimeLanguage.Python, [("LAMBDA_TASK_ROOT", sandbox.Task), ("_HANDLER", handler), ("_HEARTH_ACCOUNT_ID", "000000000000"), .. variables]);
        foreach (var name in environment.Keys)
            environment[name] = environment[name].Replace("{folder}", sandbox._folder, StringComparison.Ordinal);
        sandbox.Process = new RuntimeProcess(AdapterSandbox.Program, ["--port", "0", "--task", sandbox.Task, "--opt", sandbox.Opt, "--client", .. client], sandbox.Task);
        sandbox.Initialized = sandbox.Process.Initialize(handler, environment);
        return sandbox;
    }

    /// <summary>Python's client with this module as its function, and one extension.</summary>
    public static ClientSandbox OfPython(string module, string? extension, params (string Name, string Value)[] variables) =>
        Of(RuntimeLanguage.Python, "task/app.py", module, "app.handler", extension, variables);

    public static ClientSandbox Of(RuntimeLanguage language, string file, string code, string handler, string? extension, params (string Name, string Value)[] variables)
    {
        language.SkipWhenMissing();
        (string, string)[] files = extension is null ? [(file, code)] : [(file, code), ("opt/extensions/watcher", extension)];
        return Start([language.Executable, .. language.Arguments], handler, files, variables);
    }

    public ClientSandbox Ready()
    {
        Assert.True(Initialized?.Kind == FrameKind.InitDone, $"{Initialized?.Kind} {Initialized?.ErrorType} {Initialized?.Cause} {Initialized?.Text} {Output}");
        return this;
    }

    public Task<List<RuntimeAnswer>> InvokeAsync(byte[] payload) => System.Threading.Tasks.Task.Run(() => Process.InvokeForAll(payload, RuntimeProcess.Header()));

    public Task<List<RuntimeAnswer>> InvokeAsync(string payload) => InvokeAsync(System.Text.Encoding.UTF8.GetBytes(payload));

    /// <summary>Until all of it was printed.</summary>
    public Task PrintedAsync(string text) => Eventually.True(() => Output.Contains(text, StringComparison.Ordinal));

    public ValueTask DisposeAsync()
    {
        Process?.Dispose();
        Directory.Delete(_folder, recursive: true);
        return default;
    }
}
