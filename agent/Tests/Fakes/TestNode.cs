using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using Hearth.Agent.Hosting;
using Hearth.Agent.Ingress;
using Hearth.Agent.Sandboxes;
using Hearth.Agent.Scheduling;
using Hearth.Contracts.V1;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hearth.Agent.Tests.Fakes;

/// <summary>A whole agent in this process: real HTTP, real link, real runtime clients; only sandboxes are plain processes. Needs /usr/bin/python3.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly string _data;
    private readonly bool _ownsData;
    private readonly SocketsHttpHandler _handler = new() { MaxConnectionsPerServer = 256, UseProxy = false };

    private TestNode(string? data)
    {
        _ownsData = data is null;
        _data = data ?? Directory.CreateTempSubdirectory("hearth-agent-node-").FullName;
        Control = new FakeControlPlane(Path.Join(_data, "run", "control"));
        Http = new HttpClient(_handler) { Timeout = TimeSpan.FromSeconds(120) };
    }

    public FakeControlPlane Control { get; }

    public FakeSpawner Spawner { get; } = new();

    public AgentNode Agent { get; private set; } = null!;

    public HttpClient Http { get; }

    public string Data => _data;

    /// <summary>Without spares unless the test asks for them: most tests count instances.</summary>
    public static async Task<TestNode> StartAsync(
        Func<AgentOptions, AgentOptions>? options = null, InstanceSettings? instances = null, string? data = null, bool control = true, bool root = true,
        AccountSettings? account = null, TimeProvider? time = null, IngressLimits? limits = null, Func<MemoryBrake, MemoryBrake>? brake = null)
    {
        Assert.SkipUnless(File.Exists("/usr/bin/python3"), "needs /usr/bin/python3 (Debian: apt install python3)");
        var node = new TestNode(data);
        try
        {
            await node.UpAsync(options, instances, control, account, time, limits, brake);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    private async Task UpAsync(
        Func<AgentOptions, AgentOptions>? options, InstanceSettings? instances, bool control, AccountSettings? account, TimeProvider? time, IngressLimits? limits, Func<MemoryBrake, MemoryBrake>? brake)
    {
        Control.Account = account;
        if (control)
            await Control.StartAsync();
        var settings = new AgentOptions { DataDirectory = _data, Port = 0, MemoryBudgetMb = 100_000, DrainTime = TimeSpan.FromSeconds(2), Spares = 0 };
        ILoggerFactory logging = Environment.GetEnvironmentVariable("HEARTH_TEST_LOG") == "1"
            ? LoggerFactory.Create(static b => b.SetMinimumLevel(LogLevel.Debug).AddProvider(new StderrLogging(LogLevel.Debug)))
            : NullLoggerFactory.Instance;
        Agent = new AgentNode(options?.Invoke(settings) ?? settings, Spawner, logging, time ?? TimeProvider.System, instances, limits, brake);
        await Agent.StartAsync();
        await Agent.WaitReadyAsync(TestContext.Current.CancellationToken);
        // The two streams are dialled each for itself, and either may come last.
        if (control)
            await Eventually.True(() => Control.IsConnected && Control.Events.IsConnected && Agent.Events.IsConnected);
        Http.BaseAddress = new Uri(Agent.Endpoint.Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));
    }

    public static byte[] Zip(string file, string text)
    {
        using var bytes = new MemoryStream();
        using (var zip = new ZipArchive(bytes, ZipArchiveMode.Create, leaveOpen: true))
        {
            using var entry = zip.CreateEntry(file).Open();
            entry.Write(Encoding.UTF8.GetBytes(text));
        }
        return bytes.ToArray();
    }

    /// <summary>Deploys a Python function as the control plane would, and waits until its code lies on the machine.</summary>
    public async Task<FunctionSpec> DeployAsync(string name, string source, int timeout = 30, int memory = 128, string handler = "app.handler")
    {
        var hash = Control.PutCode(Zip("app.py", source));
        var spec = new FunctionSpec
        {
            FunctionName = name,
            Version = "$LATEST",
            FunctionArn = $"arn:aws:lambda:us-east-1:000000000000:function:{name}",
            Runtime = "python3.13",
            Language = "python",
            Handler = handler,
            TimeoutSeconds = timeout,
            MemoryMb = memory,
            EphemeralStorageMb = 512,
            CodeSha256Hex = hash,
            RevisionId = Guid.NewGuid().ToString(),
            ReservedConcurrency = -1,
        };
        // The plain process sees the machine's own root.
        spec.Environment["LAMBDA_TASK_ROOT"] = Path.Join(_data, "code", hash);
        spec.Environment["PYTHONPATH"] = Path.GetDirectoryName(FakeSpawner.PythonClient);
        Control.Put(spec);
        await Eventually.True(() => Control.Ready.Any(r => r.RevisionId == spec.RevisionId));
        return spec;
    }

    public async Task<Answer> InvokeAsync(string name, string payload = "{}", params (string Name, string Value)[] headers)
    {
        using var content = new StringContent(payload);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return await SendAsync(name, content, headers);
    }

    public async Task<Answer> SendAsync(string name, HttpContent? content, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/2015-03-31/functions/{name}/invocations") { Content = content };
        foreach (var (header, value) in headers)
            request.Headers.TryAddWithoutValidation(header, value);
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken);
        return new Answer(
            (int)response.StatusCode, body, One(response, "X-Amz-Function-Error"), One(response, "x-amzn-ErrorType"), One(response, "x-amzn-RequestId"),
            One(response, "X-Amz-Executed-Version"), One(response, "X-Amz-Log-Result"));
    }

    /// <summary>What the ledger holds once every finished invocation has arrived there.</summary>
    public async Task<IReadOnlyList<InvocationRecord>> LedgerAsync(int count)
    {
        await Eventually.True(() => Control.Ledger.Count >= count);
        return Control.Ledger;
    }

    public async ValueTask DisposeAsync()
    {
        if (Agent is not null)
            await Agent.DisposeAsync();
        await Spawner.DisposeAsync();
        await Control.DisposeAsync();
        Http.Dispose();
        _handler.Dispose();
        if (_ownsData)
            Directory.Delete(_data, recursive: true);
    }

    private static string? One(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.First() : null;
}

internal sealed record Answer(int Status, byte[] Bytes, string? FunctionError, string? ErrorType, string? RequestId, string? Version, string? LogResult)
{
    public string Text => Encoding.UTF8.GetString(Bytes);

    public string Log => Encoding.UTF8.GetString(Convert.FromBase64String(LogResult ?? ""));
}
