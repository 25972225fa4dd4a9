using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Hearth.Agent.Tests.Fakes;
using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Runtimes.Adapter;

/// <summary>
/// The adapter as a plain process between a test that is the agent (two pipes) and a test that is the runtime or an extension (HTTP). The bootstrap only says where
/// the API is, and does what it is told later: "exit 3".
/// </summary>
public sealed class AdapterSandbox : IAsyncDisposable
{
    /// <summary>Writes the API's address beside itself, then runs one line that it is sent.</summary>
    public const string Puppet = """
        #!/bin/sh
        echo "$AWS_LAMBDA_RUNTIME_API" > api.new && mv api.new api
        read -r line < orders
        eval "$line"
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-adapter-").FullName;
    private readonly Dictionary<string, string> _environment = new()
    {
        ["AWS_LAMBDA_FUNCTION_NAME"] = "cases",
        ["AWS_LAMBDA_FUNCTION_VERSION"] = "$LATEST",
        ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "256",
        ["AWS_LAMBDA_LOG_GROUP_NAME"] = "/aws/lambda/cases",
        ["AWS_LAMBDA_LOG_STREAM_NAME"] = "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
        ["AWS_LAMBDA_RUNTIME_API"] = "169.254.100.1:9001",
        ["AWS_XRAY_DAEMON_ADDRESS"] = "169.254.100.1:2000",
        ["LAMBDA_TASK_ROOT"] = "/var/task",
        ["_HANDLER"] = "app.handler",
        ["_HEARTH_ACCOUNT_ID"] = "000000000000",
        ["PATH"] = "/usr/bin:/bin",
    };

    private RuntimeProcess? _process;

    public AdapterSandbox()
    {
        Directory.CreateDirectory(Task);
        Directory.CreateDirectory(Path.Combine(Opt, "extensions"));
        using var made = System.Diagnostics.Process.Start("/usr/bin/mkfifo", [Path.Combine(Task, "orders")]);
        made.WaitForExit();
        Http = new HttpClient { Timeout = TimeSpan.FromSeconds(60) };
    }

    public string Task => Path.Combine(_folder, "task");

    public string Opt => Path.Combine(_folder, "opt");

    /// <summary>The base address is the API's once the bootstrap has told it.</summary>
    public HttpClient Http { get; }

    public RuntimeProcess Process => _process!;

    /// <summary>InitDone, the Error of a failed start, or null when the process ended.</summary>
    public Task<RuntimeAnswer?> Initialized { get; private set; } = null!;

    public int Port => Http.BaseAddress!.Port;

    /// <summary>An executable file: "task/bootstrap", "opt/extensions/name".</summary>
    public void Write(string path, string content, bool executable = true)
    {
        var full = Path.Combine(_folder, path);
        if (executable)
            Script.Write(full, content);
        else
            File.WriteAllText(full, content);
    }

    /// <summary>Starts with the puppet as bootstrap, until it has told the address.</summary>
    public static async Task<AdapterSandbox> StartAsync(params (string Path, string Content)[] files)
    {
        var sandbox = new AdapterSandbox();
        try
        {
            sandbox.Write("task/bootstrap", Puppet);
            foreach (var (path, content) in files)
                sandbox.Write(path, content);
            sandbox.Start();
            await sandbox.FindApiAsync();
            return sandbox;
        }
        catch
        {
            await sandbox.DisposeAsync();
            throw;
        }
    }

    /// <summary>As <see cref="StartAsync"/>, and the runtime waits for its first event.</summary>
    public static async Task<(AdapterSandbox Sandbox, Task<HttpResponseMessage> Next)> ReadyAsync(params (string Path, string Content)[] files)
    {
        var sandbox = await StartAsync(files);
        try
        {
            var next = sandbox.NextAsync();
            var done = await sandbox.Initialized;
            Assert.True(done?.Kind == FrameKind.InitDone, $"{done?.Kind} {done?.Text} {sandbox.Process.Output}");
            return (sandbox, next);
        }
        catch
        {
            await sandbox.DisposeAsync();
            throw;
        }
    }

    public void Start()
    {
        Assert.SkipUnless(File.Exists(Program), $"{Program} was not built");
        _process = new RuntimeProcess(Program, ["--port", "0", "--task", Task, "--opt", Opt], Task);
        Initialized = System.Threading.Tasks.Task.Run(() => _process.Initialize("app.handler", _environment));
    }

    public async Task FindApiAsync()
    {
        var api = Path.Combine(Task, "api");
        await Eventually.True(() => File.Exists(api) || Initialized.IsCompleted);
        Assert.True(File.Exists(api), Initialized.IsCompleted ? $"{Initialized.Result?.ErrorType} {Initialized.Result?.Cause} {Process.Output}" : "no address");
        Http.BaseAddress = new Uri($"http://{File.ReadAllText(api).Trim()}/2018-06-01/");
    }

    /// <summary>What the bootstrap does now.</summary>
    public void Order(string line) => File.WriteAllText(Path.Combine(Task, "orders"), line + "\n");

    public Task<HttpResponseMessage> NextAsync() => Http.GetAsync("runtime/invocation/next");

    /// <summary>The agent sends an event; the frames of its answer.</summary>
    public Task<List<RuntimeAnswer>> InvokeAsync(string payload, InvokeHeader? header = null) => InvokeAsync(Encoding.UTF8.GetBytes(payload), header);

    public Task<List<RuntimeAnswer>> InvokeAsync(byte[] payload, InvokeHeader? header = null) =>
        System.Threading.Tasks.Task.Run(() => Process.InvokeForAll(payload, header ?? RuntimeProcess.Header()));

    public async Task<Refused> PostAsync(string path, string body, params (string Name, string Value)[] headers) => await PostAsync(path, Encoding.UTF8.GetBytes(body), headers);

    public async Task<Refused> PostAsync(string path, byte[] body, params (string Name, string Value)[] headers) => await SendAsync(HttpMethod.Post, path, body, headers);

    public async Task<Refused> SendAsync(HttpMethod method, string path, byte[]? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
            request.Content = new ByteArrayContent(body);
        foreach (var (name, value) in headers)
        {
            if (name == "Content-Type")
                request.Content!.Headers.ContentType = MediaTypeHeaderValue.Parse(value);
            else
                request.Headers.TryAddWithoutValidation(name, value);
        }
        using var answer = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        return await Refused.OfAsync(answer);
    }

    /// <summary>One request as bytes; all that comes until the other end closes, or goes quiet after an answer.</summary>
    public async Task<string> RawAsync(string request, bool half = true)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, Port);
        using var reader = new StreamReader(client.GetStream(), Encoding.Latin1);
        await client.Client.SendAsync(Encoding.Latin1.GetBytes(request));
        if (half)
            client.Client.Shutdown(SocketShutdown.Send);
        return await reader.ReadToEndAsync(TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(30));
    }

    public async ValueTask DisposeAsync()
    {
        _process?.Dispose();
        Http.Dispose();
        if (Initialized is not null)
            await Initialized.ContinueWith(static _ => { }, TaskScheduler.Default);
        Directory.Delete(_folder, recursive: true);
    }

    public static string Program
    {
        get
        {
            var copied = Path.Combine(AppContext.BaseDirectory, "runtimes/provided/hearth-adapter");
            if (File.Exists(copied))
                return copied;
            var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));
            return Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, string.Create(CultureInfo.InvariantCulture, $"../../Hearth.Adapter/{configuration}_linux-x64/hearth-adapter")));
        }
    }
}

/// <summary>An answer of the API, read.</summary>
public sealed record Refused(int Status, string Body, HttpResponseHeaders Headers, string? ContentType)
{
    public string ErrorType => Json.GetProperty("errorType").GetString()!;

    public string ErrorMessage => Json.GetProperty("errorMessage").GetString()!;

    public JsonElement Json => JsonSerializer.Deserialize<JsonElement>(Body);

    public static async Task<Refused> OfAsync(HttpResponseMessage answer) => new(
        (int)answer.StatusCode, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), answer.Headers, answer.Content.Headers.ContentType?.ToString());
}
