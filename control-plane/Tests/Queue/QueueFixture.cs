using System.Collections.Concurrent;
using System.Text;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Hosting;
using Hearth.ControlPlane.Queue;
using Hearth.ControlPlane.Store;
using Hearth.ControlPlane.Tests.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hearth.ControlPlane.Tests.Queue;

/// <summary>A queue on a real store with a clock that stands, and an agent that does what the test says.</summary>
internal sealed class QueueFixture : IAsyncDisposable, IEventPolicies
{
    private readonly TempFolder _folder = new();
    private readonly Database _database;

    public QueueFixture(QueueSettings? settings = null)
    {
        Settings = settings ?? new QueueSettings();
        _database = new Database(Path.Join(_folder.Path, "hearth.db"));
        Functions = new FunctionStore(_database);
        Queue = Open();
    }

    public QueueSettings Settings { get; }

    public string DatabasePath => Path.Join(_folder.Path, "queue.db");

    public ManualClock Clock { get; } = new();

    public FunctionStore Functions { get; }

    public EventQueue Queue { get; private set; }

    public const string AgentId = "agent-1";

    public TestAgent Agent { get; } = new();

    public Dictionary<string, EventPolicy> Configs { get; } = [];

    /// <summary>While it is set, whatever is done with an event of this function fails.</summary>
    public string? Fault { get; set; }

    public EventPolicy Of(string function, string? qualifier) =>
        function == Fault ? throw new InvalidOperationException("the test says so") : Configs.GetValueOrDefault(function, EventPolicy.Default);

    public QueueFixture Function(params string[] names)
    {
        foreach (string name in names)
        {
            var definition = new FunctionDefinition
            {
                Name = name,
                Runtime = "python3.12",
                Language = "python",
                Handler = "app.handler",
                Role = "arn:aws:iam::000000000000:role/r",
                Description = "",
                TimeoutSeconds = 3,
                MemoryMb = 128,
                EphemeralStorageMb = 512,
                Environment = null,
                Tags = new Dictionary<string, string>(),
                Architecture = "x86_64",
                CodeSha256 = new string('0', 64),
                CodeSize = 1,
                RevisionId = "r",
                LastModified = Clock.GetUtcNow(),
                Status = FunctionStatus.Created,
            };
            Functions.Change(name, _ => new FunctionEntry { Latest = definition });
        }

        return this;
    }

    /// <summary>The store's thread stands still until what this returns is disposed; the event that does it is of <paramref name="function"/>.</summary>
    public async Task<IDisposable> HoldStoreAsync(string function)
    {
        var release = new ManualResetEventSlim();
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Assert.Null(Queue.Offer(new NewEvent(Guid.NewGuid(), function, null, new EventBody("{}"u8.ToArray(), "", "")), _ =>
        {
            held.SetResult();
            release.Wait();
        }));
        await held.Task;
        return new Release(release);
    }

    public async Task<Guid> SendAsync(string function, string payload = "{}", string? qualifier = null)
    {
        var id = Guid.NewGuid();
        await Queue.AcceptAsync(new NewEvent(id, function, qualifier, new EventBody(Encoding.UTF8.GetBytes(payload), "", "")));
        return id;
    }

    /// <summary>What the agent is given now.</summary>
    public List<TestAgent.Given> Pump()
    {
        Queue.Pump();
        return Agent.Take();
    }

    /// <summary>Pumps until the agent has been given one: a destination's event comes after a commit.</summary>
    public async Task<TestAgent.Given> NextAsync()
    {
        TestAgent.Given? next = null;
        await Eventually.TrueAsync(() => (next = Pump() is [var first, ..] ? first : null) is not null, () => "nothing was handed out");
        return next!;
    }

    public void Answer(TestAgent.Given given, RunOutcome outcome) => Queue.Completed(Agent, given.Event.Sequence, outcome);

    /// <summary>As after a crash: nothing is kept but what is on the disk.</summary>
    public async Task RestartAsync()
    {
        await Queue.DisposeAsync();
        Agent.Take();
        Queue = Open();
    }

    public EventQueue.Depth Depth(string function) => Queue.Describe(function).Single();

    /// <summary>Waits until the store has caught up.</summary>
    public Task UntilAsync(Func<bool> holds) => Eventually.TrueAsync(holds, () => string.Join(", ", Queue.Describe(null)));

    public async ValueTask DisposeAsync()
    {
        await Queue.DisposeAsync();
        _database.Dispose();
        _folder.Dispose();
    }

    private sealed class Release(ManualResetEventSlim held) : IDisposable
    {
        public void Dispose() => held.Set();
    }

    private EventQueue Open()
    {
        var queue = new EventQueue(
            DatabasePath, Functions, new FunctionAddress(new ServerOptions { DataDirectory = _folder.Path }), this, Settings, Clock, NullLogger<EventQueue>.Instance);
        queue.Attach(Agent, AgentId);
        return queue;
    }
}

/// <summary>Remembers what it is given.</summary>
internal sealed class TestAgent : IEventRunner
{
    public static readonly RunOutcome Success = new(200, "", "$LATEST", "\"done\""u8.ToArray(), "", "", "");
    public static readonly RunOutcome Failure = new(200, "Unhandled", "$LATEST", """{"errorMessage":"no luck","errorType":"KeyError"}"""u8.ToArray(), "", "", "");
    public static readonly RunOutcome Throttled = RunOutcome.Refused(429, "TooManyRequestsException", "Rate Exceeded.", "ReservedFunctionConcurrentInvocationLimitExceeded");

    private readonly List<Given> _given = [];

    public void Run(QueuedEvent e, string function, EventBody body, bool wantsResponse)
    {
        lock (_given)
            _given.Add(new Given(e, function, Encoding.UTF8.GetString(body.Payload), wantsResponse));
    }

    /// <summary>Events whose reports are on the disk.</summary>
    public ConcurrentQueue<long> Settlements { get; } = new();

    /// <summary>Why it was ended; null = it was not.</summary>
    public string? Ended { get; private set; }

    public void Settled(long sequence) => Settlements.Enqueue(sequence);

    public void End(string why) => Ended = why;

    public List<Given> Take()
    {
        lock (_given)
        {
            List<Given> taken = [.. _given];
            _given.Clear();
            return taken;
        }
    }

    internal sealed record Given(QueuedEvent Event, string Function, string Payload, bool WantsResponse);
}
