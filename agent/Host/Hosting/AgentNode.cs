using Hearth.Agent.Events;
using Hearth.Agent.Functions;
using Hearth.Agent.Ingress;
using Hearth.Agent.Ingress.EventStreams;
using Hearth.Agent.Ingress.Web;
using Hearth.Agent.Reporting.Journal;
using Hearth.Agent.Reporting.Link;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Sandboxes;
using Hearth.Agent.Scheduling;
using Hearth.Agent.Spawning;
using Hearth.Agent.Streaming;

namespace Hearth.Agent.Hosting;

/// <summary>Everything of one agent, put together. Parts know each other only as far as their constructors say.</summary>
internal sealed class AgentNode : IAsyncDisposable
{
    private readonly AgentOptions _options;
    private readonly EventLoop _loop;
    private readonly InvocationJournal _journal;
    private readonly LogStore _logs;
    private readonly ControlChannel _channel;
    private readonly CodePreparer _preparer;
    private readonly IngressServer _ingress;
    private readonly AgentLinkClient _link;
    private readonly ControlChannel _eventChannel;
    private readonly EventRunner _eventRunner;
    private readonly EventLink _events;
    private readonly ISpawner _spawner;
    private readonly ILogger _log;

    public AgentNode(AgentOptions options, ISpawner spawner, ILoggerFactory logging, TimeProvider time, InstanceSettings? settings = null)
    {
        _options = options;
        _spawner = spawner;
        _log = logging.CreateLogger("agent");
        var state = Path.Join(options.DataDirectory, "agent");
        // Environments, logs: nobody else on the machine reads them.
        Directory.CreateDirectory(state, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var control = Path.Join(options.DataDirectory, "run", "control");
        _loop = new EventLoop(logging.CreateLogger("loop"));
        _journal = new InvocationJournal(Path.Join(state, "journal"), time, logging.CreateLogger("journal"));
        _logs = new LogStore(
            Path.Join(state, "logs"),
            LogSettings.Default with { MaxBytesPerFunction = options.LogMaxMb * 1024L * 1024, MaxAge = TimeSpan.FromDays(options.LogMaxDays) },
            time, logging.CreateLogger("logs"));
        _channel = new ControlChannel(Path.Join(control, "grpc.sock"));
        var code = new CodeStore(Path.Join(options.DataDirectory, "code"), _channel, logging.CreateLogger("code"));
        var runtimes = new InstalledRuntimes(Path.Join(options.DataDirectory, "root", "etc", "hearth-runtimes"));
        settings ??= InstanceSettings.Default with { BillingIncrementMs = options.BillingIncrementMs, HardCpuCap = options.HardCpuCap };
        var services = new InstanceServices(_loop, spawner, code, _logs, _journal, time, logging.CreateLogger("instances"), settings, runtimes);
        var budget = options.MemoryBudgetMb > 0 ? options.MemoryBudgetMb : MachineMemory.DefaultBudgetMb();
        var policy = new PolicySettings(budget, options.FreezeAfter, options.IdleTimeout);
        Scheduler = new Scheduler(services, new SchedulerSettings(policy, options.MaxConcurrency), new SchedulingPolicy(policy, time));
        Catalogue = new Catalogue(logging.CreateLogger("catalogue"));
        var file = new CatalogueFile(Path.Join(state, "snapshot.pb"), logging.CreateLogger("catalogue"));
        _preparer = new CodePreparer(Catalogue, code, Scheduler.CodeInUse, time, logging.CreateLogger("code"));
        var identity = new LinkIdentity(state, () => Endpoint, spawner, runtimes);
        _link = new AgentLinkClient(
            _channel, identity, Catalogue, _journal, new QueryAnswers(Scheduler, _logs), Scheduler.DescribeCapacity, _preparer, time, logging.CreateLogger("link"));
        Scheduler.InstanceGone = _preparer.SweepSoon;
        Scheduler.Current = key => Catalogue.Find(key.Name, key.Version);
        Catalogue.Reserved += Scheduler.Reserve;
        Catalogue.Changed += Scheduler.OnCatalogueChanged;
        Catalogue.Changed += (fresh, gone) => _preparer.OnChanged(fresh);
        if (file.TryRead() is { } cached)
            Catalogue.Replace(cached);
        Catalogue.Updated += () => file.Write(Catalogue.ToSnapshot());
        var bodies = BodyBudget.ForMachine();
        var invocations = new InvocationEndpoint(Catalogue, Scheduler, bodies, offer => _events!.OfferAsync(offer));
        var signatures = new LocalSignatures(() => Catalogue.Functions.FirstOrDefault()?.AccountId ?? "000000000000");
        _eventChannel = new ControlChannel(Path.Join(control, "grpc.sock"));
        _eventRunner = new EventRunner(invocations.Find, Scheduler, time);
        _events = new EventLink(_eventChannel, identity.AgentId, _eventRunner, time, logging.CreateLogger("events"));
        _ingress = new IngressServer(
            options, invocations, new ResponseStreamEndpoint(invocations.Find, Scheduler, bodies),
            new WebTargets(Catalogue), new WebEndpoint(Catalogue, Scheduler, signatures, bodies, time), new ControlProxy(Path.Join(control, "rest.sock"), logging.CreateLogger("proxy")),
            new HealthEndpoint(spawner, Catalogue, () => _link.IsConnected), logging);
    }

    public Catalogue Catalogue { get; }

    public Scheduler Scheduler { get; }

    /// <summary>http://ADDRESS:PORT, known once started.</summary>
    public string Endpoint { get; private set; } = "";

    /// <exception cref="IOException">The port cannot be had; the message says why and what to do.</exception>
    public async Task StartAsync()
    {
        Endpoint = await _ingress.StartAsync();
        _link.Start();
        _events.Start();
    }

    /// <summary>The spawner answers and it is known which functions exist.</summary>
    public async Task WaitReadyAsync(CancellationToken cancellationToken)
    {
        await Catalogue.Loaded.WaitAsync(cancellationToken);
        while (!_spawner.IsConnected)
            await Task.Delay(20, cancellationToken);
    }

    /// <summary>Stops accepting, finishes what runs, ends the sandboxes, hands over the journal.</summary>
    public async ValueTask DisposeAsync()
    {
        _log.LogInformation("Stopping; running invocations have {Seconds} s to finish", _options.DrainTime.TotalSeconds);
        await Task.WhenAll(_ingress.StopAsync(_options.DrainTime), _eventRunner.DrainAsync(_options.DrainTime));
        await Scheduler.StopAsync(TimeSpan.FromMilliseconds(100));
        await _events.StopAsync(TimeSpan.FromSeconds(1));
        await _link.StopAsync(TimeSpan.FromSeconds(1));
        Scheduler.Dispose();
        _preparer.Dispose();
        _loop.Dispose();
        _link.Dispose();
        _events.Dispose();
        _eventChannel.Dispose();
        _channel.Dispose();
        _journal.Dispose();
        _logs.Dispose();
    }
}
