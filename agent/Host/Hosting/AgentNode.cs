using System.Net;
using Hearth.Agent.Events;
using Hearth.Agent.Functions;
using Hearth.Agent.Ingress;
using Hearth.Agent.Ingress.EventStreams;
using Hearth.Agent.Ingress.Signatures;
using Hearth.Agent.Ingress.Web;
using Hearth.Agent.Reporting.Journal;
using Hearth.Agent.Reporting.Link;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Sandboxes;
using Hearth.Agent.Scheduling;
using Hearth.Agent.Spawning;
using Hearth.Agent.Streaming;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Hosting;

/// <summary>Everything of one agent, put together. Parts know each other only as far as their constructors say.</summary>
internal sealed class AgentNode : IAsyncDisposable
{
    private readonly AgentOptions _options;
    private readonly EventLoop _loop;
    private readonly InvocationJournal _journal;
    private readonly LogStore _logs;
    private readonly ControlChannel _channel;
    private readonly CatalogueFile _catalogueFile;
    private readonly CodePreparer _preparer;
    private readonly IngressServer _ingress;
    private readonly AgentLinkClient _link;
    private readonly ControlChannel _eventChannel;
    private readonly EventRunner _eventRunner;
    private readonly ISpawner _spawner;
    private readonly InstalledRuntimes _runtimes;
    private readonly ILogger _log;

    public AgentNode(AgentOptions options, ISpawner spawner, ILoggerFactory logging, TimeProvider time, InstanceSettings? settings = null, IngressLimits? limits = null,
        Func<MemoryBrake, MemoryBrake>? brake = null)
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
        _runtimes = new InstalledRuntimes(Path.Join(options.DataDirectory, "root", "etc"));
        settings ??= InstanceSettings.Default with { BillingIncrementMs = options.BillingIncrementMs, HardCpuCap = options.HardCpuCap };
        var services = new InstanceServices(_loop, spawner, code, _logs, _journal, time, logging.CreateLogger("instances"), settings, _runtimes);
        var budget = options.MemoryBudgetMb > 0 ? options.MemoryBudgetMb : MachineMemory.DefaultBudgetMb();
        limits ??= IngressLimits.ForMachine();
        Answers = new AnswerBudget(limits.AnswerBytes);
        var policy = new PolicySettings(budget, options.FreezeAfter, options.IdleTimeout, options.Spares);
        Scheduler = new Scheduler(services, new SchedulerSettings(policy, options.MaxConcurrency, options.BurstRate, Answers, brake), new SchedulingPolicy(policy, time));
        Catalogue = new Catalogue(logging.CreateLogger("catalogue"));
        Account = new Account();
        _catalogueFile = new CatalogueFile(Path.Join(state, "snapshot.pb"), ToKeep, time, logging.CreateLogger("catalogue"));
        _preparer = new CodePreparer(Catalogue, code, Scheduler.CodeInUse, time, logging.CreateLogger("code"));
        var identity = new LinkIdentity(state, () => OwnEndpoint, spawner, _runtimes);
        _link = new AgentLinkClient(
            _channel, identity, Catalogue, Account, _journal, new QueryAnswers(Scheduler, _logs), Scheduler.DescribeCapacity, _preparer, time, logging.CreateLogger("link"));
        Scheduler.InstanceGone = _preparer.SweepSoon;
        Scheduler.Current = key => Catalogue.Find(key.Name, key.Version);
        Catalogue.Reserved += Scheduler.Reserve;
        Catalogue.Changed += Scheduler.OnCatalogueChanged;
        Catalogue.Provisioned += Scheduler.KeepProvisioned;
        Catalogue.Changed += (fresh, gone) => _preparer.OnChanged(fresh);
        Catalogue.Changed += (fresh, gone) => Expect(fresh);
        var signatures = new RequestSignatures(Account, time);
        if (_catalogueFile.TryRead() is { } cached)
        {
            // First who may call, then what there is to call.
            Account.Replace(cached.Account);
            _logs.SetRetention(Account.Current!.LogRetentionDays);
            Catalogue.Replace(cached);
        }
        Catalogue.Updated += WriteSoon;
        Account.Changed += settings =>
        {
            _logs.SetRetention(settings.LogRetentionDays);
            // Not soon: a key that was taken away is nowhere when that is answered.
            if (Catalogue.IsLoaded)
                _catalogueFile.Write();
        };
        // The first snapshot of a node without functions changes nothing in the catalogue.
        _ = Catalogue.Loaded.ContinueWith(_ => WriteSoon(), TaskScheduler.Default);
        Bodies = new BodyBudget(limits.BodyBytes);
        var functions = new FunctionFinder(Catalogue);
        var reader = new InvokeReader(functions, signatures, Bodies);
        _eventChannel = new ControlChannel(Path.Join(control, "grpc.sock"));
        _eventRunner = new EventRunner(functions.Find, Scheduler, time);
        Events = new EventLink(_eventChannel, identity.AgentId, _eventRunner, time, logging.CreateLogger("events"));
        _ingress = new IngressServer(
            options, new InvocationEndpoint(reader, Scheduler, Events.OfferAsync), new ResponseStreamEndpoint(reader, Scheduler),
            new WebTargets(Catalogue), new WebEndpoint(Catalogue, Scheduler, signatures, Bodies, time),
            new ControlProxy(Path.Join(control, "rest.sock"), signatures, limits.PassTime, logging.CreateLogger("proxy")),
            new HealthEndpoint(spawner, Catalogue, () => _link.IsConnected), new MetricsEndpoint(Scheduler.DescribeCapacity), signatures, limits, logging);

        void WriteSoon()
        {
            // Before the first snapshot has come whole there is nothing to keep.
            if (Catalogue.IsLoaded)
                _catalogueFile.WriteSoon();
        }

        Snapshot ToKeep()
        {
            var snapshot = Catalogue.ToSnapshot();
            snapshot.Account = Account.Current;
            return snapshot;
        }
    }

    /// <summary>The commonest kinds of functions that have come: their first start should not be the slowest.</summary>
    private void Expect(IReadOnlyList<FunctionRevision> fresh)
    {
        const int most = 4;
        // Of those that no zygote may fork the second start says that they are worth a pool.
        foreach (var kind in fresh.Where(static function => !function.IsExecuted).CountBy(static function => (function.Runtime, Id: function.Spec.Runtime, function.Spec.MemoryMb)).OrderByDescending(static kind => kind.Value).Take(most).Select(static kind => kind.Key))
        {
            try
            {
                _spawner.Expect(kind.Runtime, _runtimes.Choose(kind.Runtime, kind.Id), kind.MemoryMb);
            }
            catch (LambdaException)
            {
                // Its runtime is not here: whoever invokes it is told.
            }
        }
    }

    public Catalogue Catalogue { get; }

    public Account Account { get; }

    public Scheduler Scheduler { get; }

    public EventLink Events { get; }

    /// <summary>What events hold.</summary>
    public BodyBudget Bodies { get; }

    /// <summary>What answers hold that their callers have not taken.</summary>
    public AnswerBudget Answers { get; }

    /// <summary>http://ADDRESS:PORT, known once started.</summary>
    public string Endpoint { get; private set; } = "";

    /// <summary>Where the control plane, which is on this machine, finds it: nobody can dial the address that stands for all.</summary>
    private string OwnEndpoint => Endpoint.Replace("//0.0.0.0:", "//127.0.0.1:", StringComparison.Ordinal).Replace("//[::]:", "//[::1]:", StringComparison.Ordinal);

    /// <exception cref="IOException">The port cannot be had; the message says why and what to do.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        if (!IPAddress.IsLoopback(_options.Host))
            await RequireKeysAsync(cancellationToken);
        Endpoint = await _ingress.StartAsync();
        _link.Start();
        Events.Start();
    }

    /// <summary>The spawner answers and it is known which functions exist.</summary>
    public async Task WaitReadyAsync(CancellationToken cancellationToken)
    {
        await Catalogue.Loaded.WaitAsync(cancellationToken);
        while (!_spawner.IsConnected)
            await Task.Delay(20, cancellationToken);
    }

    // The link brings the keys, and tells the endpoint in its first message: it is dialled once for the keys alone when there are none on the disk.
    private async Task RequireKeysAsync(CancellationToken cancellationToken)
    {
        if (Account.Current is not { Keys.Count: > 0 })
            await _link.FetchAsync(cancellationToken);
        if (Account.Current is not { Keys.Count: > 0 })
        {
            throw new IOException(
                $"{_options.Host} is not loopback, and no access keys exist: everyone who reaches this machine could deploy code. Start it on 127.0.0.1, make a key (hearth keys create --role admin), then start it with --host {_options.Host}");
        }
    }

    /// <summary>Stops accepting, finishes what runs, ends the sandboxes, hands over the journal.</summary>
    public async ValueTask DisposeAsync()
    {
        _log.LogInformation("Stopping; running invocations have {Seconds} s to finish", _options.DrainTime.TotalSeconds);
        await Task.WhenAll(_ingress.StopAsync(_options.DrainTime), _eventRunner.DrainAsync(_options.DrainTime));
        await Scheduler.StopAsync(TimeSpan.FromMilliseconds(100));
        await Events.StopAsync(TimeSpan.FromSeconds(1));
        await _link.StopAsync(TimeSpan.FromSeconds(1));
        Scheduler.Dispose();
        _preparer.Dispose();
        _loop.Dispose();
        _link.Dispose();
        _catalogueFile.Dispose();
        Events.Dispose();
        _eventChannel.Dispose();
        _channel.Dispose();
        _journal.Dispose();
        _logs.Dispose();
    }
}
