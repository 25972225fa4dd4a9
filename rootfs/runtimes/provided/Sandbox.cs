using Hearth.Adapter.Api;
using Hearth.Adapter.Frames;
using Hearth.Adapter.Http;
using Hearth.Adapter.Processes;
using Hearth.Adapter.Telemetry;
using Hearth.Wire;
using static Tmds.Linux.LibC;

namespace Hearth.Adapter;

/// <summary>
/// The life of one sandbox, as AWS has it: extensions register, the runtime starts, all ask for their first event (InitDone); then event by event, each over when
/// the runtime and every extension that got it ask for the next. Sandbox.Client.cs has what is other for a client of ours, Sandbox.Ending.cs the end.
/// </summary>
internal sealed partial class Sandbox : IAgentOrders, IRuntimeEvents, IExtensionEvents
{
    private enum Phase
    {
        /// <summary>Init has not come, or extensions have not registered.</summary>
        Starting,

        /// <summary>The runtime runs and has not asked for its first event.</summary>
        Initializing,
        Idle,
        Invoking,

        /// <summary>The caller has its answer; somebody still works on the event.</summary>
        Finishing,
        Ending,
    }

    private readonly AdapterOptions _options;
    private readonly Reactor _reactor = new();
    private readonly AgentPipe _agent;
    private readonly RuntimeApi? _runtimeApi;
    private readonly ExtensionsApi _extensions;
    private readonly Router _router;
    private readonly List<OutputPipe> _outputs = [];
    private Dictionary<string, string> _environment = [];
    private int _port;
    private Phase _phase;
    private ChildProcess? _runtime;
    private Invocation? _invocation;
    private ProcessEnd _end;
    private long _initDeadline;

    public Sandbox(AdapterOptions options)
    {
        _options = options;
        _agent = new AgentPipe(_reactor, this);
        _runtimeApi = options.Client is null ? new RuntimeApi(_agent, this) : null;
        _extensions = new ExtensionsApi(this);
        _telemetry = new TelemetryHub(_reactor);
        _router = new Router(_runtimeApi, _extensions, new SubscriptionsApi(_extensions, _telemetry));
    }

    private static string OwnVersion => typeof(Sandbox).Assembly.GetName().Version?.ToString(3) ?? "0";

    private IFunctionRuntime Function => _runtimeApi ?? (IFunctionRuntime)_client!;

    /// <returns>The exit code. Does not return when the runtime was ended by a signal: then so is this program.</returns>
    public int Run()
    {
        Descriptors.CloseOnExec(Descriptors.Requests);
        Descriptors.CloseOnExec(Descriptors.Responses);
        Directory.SetCurrentDirectory(_options.Task);
        if (_options.Client is null)
            _agent.Hello("provided", OwnVersion);
        else if (!StartClient())
            return NotExecutable;
        try
        {
            _reactor.Run();
        }
        catch
        {
            // Without the adapter they are nobody's; in a sandbox the agent ends what is left.
            KillAll();
            throw;
        }
        DrainOutputs();
        if (_end.Signal != 0)
        {
            // The agent tells the caller what ended the sandbox: it must be the same as what ended the runtime.
            _ = Native.signal(_end.Signal, 0);
            _ = kill(getpid(), _end.Signal);
            Thread.Sleep(100);
        }
        return _end.Signal != 0 ? 128 + _end.Signal : _end.Code;
    }

    void IAgentOrders.OnInit(in AgentFrame frame)
    {
        // The code is mounted over the folder that this process was started in when that was ahead of time.
        Directory.SetCurrentDirectory(_options.Task);
        _environment = frame.ReadEnvironment();
        _initDeadline = frame.DeadlineUnixMs;
        _extensions.Facts = new FunctionFacts(
            Variable("AWS_LAMBDA_FUNCTION_NAME"), Variable("AWS_LAMBDA_FUNCTION_VERSION"), frame.Handler.ToString(), _environment.GetValueOrDefault("_HEARTH_ACCOUNT_ID"));
        TellInitStart();
        _port = new HttpServer(_reactor, _options.Port, _router).Port;
        var paths = Bootstrap.Extensions(_options);
        if (paths.Length > ExtensionsApi.MaxExtensions)
        {
            FailInit("Extension.TooManyExtensions", $"Extension limit ({ExtensionsApi.MaxExtensions}) reached");
            return;
        }
        foreach (var path in paths)
        {
            if (!StartExtension(path))
                return;
        }
        if (paths.Length == 0)
            StartRuntime();
    }

    void IAgentOrders.OnInvoke(Invocation invocation)
    {
        if (_phase == Phase.Ending)
            return;
        _phase = Phase.Invoking;
        _invocation = invocation;
        invocation.StartedAt = System.Diagnostics.Stopwatch.GetTimestamp();
        TellStart(invocation);
        _extensions.GiveInvoke(invocation);
        Function.Offer(invocation);
    }

    void IExtensionEvents.OnRegistered(Extension extension)
    {
        if (_phase == Phase.Starting && _extensions.All.All(static e => e.State != ExtensionState.Started))
            StartRuntime();
    }

    void IExtensionEvents.OnExtensionReady(Extension extension) => Advance();

    void IRuntimeEvents.OnRuntimeReady()
    {
        if (_phase == Phase.Initializing)
            TellInitRuntimeDone("success", null);
        else if (_phase == Phase.Finishing)
            TellRuntimeDone();
        Advance();
    }

    void IRuntimeEvents.BeforeAnswer() => DrainOutputs();

    void IRuntimeEvents.OnAnswered(Invocation invocation, string? errorType, long producedBytes)
    {
        (_status, _errorType, _produced) = (errorType is null ? "success" : "error", errorType, producedBytes);
        if (_phase == Phase.Invoking)
            _phase = Phase.Finishing;
    }

    /// <summary>Init, or an invocation, is over once all that take part ask for the next event.</summary>
    private void Advance()
    {
        var everyoneWaits = Function.State == RuntimeState.Ready && _extensions.All.All(e => e.State == ExtensionState.Ready);
        if (!everyoneWaits)
            return;
        switch (_phase)
        {
            case Phase.Initializing:
                _phase = Phase.Idle;
                _extensions.IsClosed = true;
                DrainOutputs();
                TellInitDone("success", null);
                foreach (var extension in _extensions.All)
                    Say($"EXTENSION\tName: {extension.Name}\tState: {extension.State}\tEvents: [{extension.Events}]\n");
                _agent.InitDone(ShutdownMs);
                break;
            case Phase.Finishing:
                _phase = Phase.Idle;
                Function.Close();
                TellReport();
                if (ShutdownMs > 0)
                {
                    DrainOutputs();
                    _agent.Done(_invocation!.Id);
                }
                _agent.Trim();
                break;
        }
    }

    private bool StartExtension(string path)
    {
        var extension = _extensions.AddExternal(Path.GetFileName(path));
        extension.Process = ChildProcess.Start(_reactor, [path], ChildEnvironment.OfExtension(_environment, _port), Lines(ofExtension: true).Add, p => OnExtensionEnded(extension, p), out var error);
        if (extension.Process is { } process)
        {
            _outputs.Add(process.Output);
            return true;
        }
        FailInit("Extension.LaunchError", $"fork/exec {path}: {Native.ErrorText(error)}");
        return false;
    }

    private void StartRuntime()
    {
        _phase = Phase.Initializing;
        if (_client is not null)
        {
            InitializeClient(_client);
            return;
        }
        if (Bootstrap.Find(_options) is not { } path)
        {
            FailInit("Runtime.InvalidEntrypoint", $"Couldn't find valid bootstrap(s): [{string.Join(' ', Bootstrap.Candidates(_options))}]");
            return;
        }
        _runtime = ChildProcess.Start(_reactor, [path], ChildEnvironment.OfRuntime(_environment, _port), Lines(ofExtension: false).Add, OnRuntimeEnded, out var error);
        if (_runtime is { } process)
            _outputs.Add(process.Output);
        else
            FailInit("Runtime.InvalidEntrypoint", $"fork/exec {path}: {Native.ErrorText(error)}");
    }

    private void DrainOutputs()
    {
        foreach (var output in _outputs)
            output.Drain();
    }

    private static void Say(string line) => Descriptors.WriteAll(Descriptors.Output, System.Text.Encoding.UTF8.GetBytes(line));

    private string Variable(string name) => _environment.GetValueOrDefault(name, "");
}
