using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Threading.Channels;
using Google.Protobuf;
using Grpc.Core;
using Hearth.Contracts.V1;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hearth.Agent.Tests.Fakes;

/// <summary>The other end of the agent link on a real Unix socket, that hangs up and repeats itself when told, and a REST socket with what the test gives.</summary>
internal sealed class FakeControlPlane : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, FunctionSet> _functions = new();
    private readonly ConcurrentDictionary<string, byte[]> _code = new();
    private readonly ConcurrentDictionary<Connection, bool> _connections = new();
    // A change is in the snapshot of a connection, or is sent to it: never neither, never both.
    private readonly Lock _changing = new();
    private readonly Dictionary<(ulong Epoch, ulong Sequence), InvocationRecord> _ledger = [];
    private readonly string _folder;
    private WebApplication? _app;
    private RouteTable _routes = new();
    private ulong _lastQuery;
    private ulong _lastMark;
    private int _count;
    private ulong _applied;

    public FakeControlPlane(string folder) => _folder = folder;

    /// <summary>Answers on the REST socket.</summary>
    public RequestDelegate Rest { get; set; } = static context => context.Response.WriteAsync("rest");

    /// <summary>Hang up on the first N batches: half of them before they are applied, half after, without an acknowledgement.</summary>
    public int HangUps { get; set; }

    public bool RepeatAcknowledgements { get; set; }

    public int Connections => Volatile.Read(ref _count);

    public int Batches { get; private set; }

    public AgentHello? Hello { get; private set; }

    /// <summary>Part of the snapshot.</summary>
    public AccountSettings? Account { get; set; }

    public ConcurrentQueue<FunctionReady> Ready { get; } = new();

    /// <summary>Marks that have come back.</summary>
    public ConcurrentQueue<ulong> Applied { get; } = new();

    public ConcurrentDictionary<ulong, ConcurrentQueue<QueryResult>> Results { get; } = new();

    public IReadOnlyList<InvocationRecord> Ledger
    {
        get
        {
            lock (_ledger)
                return [.. _ledger.Values];
        }
    }

    public FakeEvents Events { get; } = new();

    /// <summary>There is a connection, and its snapshot is sent.</summary>
    public bool IsConnected => _connections.Keys.Any(static c => c.IsLinked);

    public async Task StartAsync()
    {
        Directory.CreateDirectory(_folder);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddGrpc();
        builder.Services.AddSingleton(this);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.ListenUnixSocket(Path.Join(_folder, "grpc.sock"), o => o.Protocols = HttpProtocols.Http2);
            kestrel.ListenUnixSocket(Path.Join(_folder, "rest.sock"), o => o.Protocols = HttpProtocols.Http1);
        });
        _app = builder.Build();
        _app.MapGrpcService<Service>();
        _app.MapFallback(context => Rest(context));
        await _app.StartAsync();
    }

    public async Task StopAsync()
    {
        HangUp();
        Events.HangUp();
        if (_app is { } app)
        {
            _app = null;
            await app.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await app.DisposeAsync();
        }
        File.Delete(Path.Join(_folder, "grpc.sock"));
        File.Delete(Path.Join(_folder, "rest.sock"));
    }

    public string PutCode(byte[] zip)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(zip));
        _code[hash] = zip;
        return hash;
    }

    public void CorruptCode(string hash) => _code[hash] = [1, 2, 3];

    public void Put(FunctionSpec spec) => Put(new FunctionSet { FunctionName = spec.FunctionName, Versions = { spec } });

    public void Put(FunctionSet set)
    {
        lock (_changing)
        {
            _functions[set.FunctionName] = set;
            Send(new ControlMessage { Upsert = set });
        }
    }

    public void PutAccount(AccountSettings account)
    {
        lock (_changing)
        {
            Account = account;
            Send(new ControlMessage { Account = account });
        }
    }

    public void PutRoutes(params RouteSpec[] routes)
    {
        lock (_changing)
        {
            _routes = new RouteTable { Routes = { routes } };
            Send(new ControlMessage { Routes = _routes });
        }
    }

    public void Remove(string name)
    {
        lock (_changing)
        {
            _functions.TryRemove(name, out _);
            Send(new ControlMessage { Removed = new FunctionRemoved { FunctionName = name } });
        }
    }

    /// <summary>Returns when the agent has done all that it was told before.</summary>
    public async Task AppliedAsync()
    {
        var mark = Interlocked.Increment(ref _lastMark);
        Send(new ControlMessage { Mark = new Mark { Change = mark } });
        await Eventually.True(() => Applied.Contains(mark), "the agent has applied what it was sent");
    }

    public ulong Ask(Query query)
    {
        query.QueryId = Interlocked.Increment(ref _lastQuery);
        Results[query.QueryId] = new ConcurrentQueue<QueryResult>();
        Send(new ControlMessage { Query = query });
        return query.QueryId;
    }

    public void Cancel(ulong query) => Send(new ControlMessage { CancelQuery = new CancelQuery { QueryId = query } });

    /// <summary>All lines of a finished query.</summary>
    public async Task<List<LogLine>> LogsAsync(ReadLogsRequest request)
    {
        var results = Results[Ask(new Query { Logs = request })];
        await Eventually.True(() => results.Any(r => r.Done || r.Error.Length > 0));
        return [.. results.SelectMany(r => r.Lines)];
    }

    public void HangUp()
    {
        foreach (var connection in _connections.Keys)
        {
            try
            {
                connection.Ending.Cancel();
            }
            catch (ObjectDisposedException)
            {
                // It ended by itself meanwhile.
            }
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    public void Send(ControlMessage message)
    {
        foreach (var connection in _connections.Keys)
            connection.Output.Writer.TryWrite(message);
    }

    private void Take(JournalBatch batch, Channel<ControlMessage> output)
    {
        Batches++;
        var hangUp = HangUps > 0;
        if (hangUp && HangUps-- % 2 == 0)
        {
            HangUp();
            return;
        }
        lock (_ledger)
        {
            for (var i = 0; i < batch.Records.Count; i++)
                _ledger.TryAdd((batch.Epoch, batch.FirstSequence + (ulong)i), batch.Records[i]);
            _applied = batch.FirstSequence + (ulong)batch.Records.Count - 1;
        }
        if (hangUp)
        {
            HangUp();
            return;
        }
        for (var i = 0; i < (RepeatAcknowledgements ? 2 : 1); i++)
            output.Writer.TryWrite(new ControlMessage { JournalAck = new JournalAck { Epoch = batch.Epoch, LastSequence = _applied } });
    }

    private Snapshot Register(Connection connection)
    {
        lock (_changing)
        {
            var snapshot = new Snapshot { Account = Account };
            snapshot.Functions.AddRange(_functions.Values.SelectMany(f => f.Versions));
            snapshot.Aliases.AddRange(_functions.Values.SelectMany(f => f.Aliases));
            snapshot.Urls.AddRange(_functions.Values.SelectMany(f => f.Urls));
            snapshot.Routes.AddRange(_routes.Routes);
            _connections[connection] = true;
            return snapshot;
        }
    }

    private sealed class Connection(Channel<ControlMessage> output, CancellationTokenSource ending)
    {
        private volatile bool _isLinked;

        public Channel<ControlMessage> Output => output;

        public CancellationTokenSource Ending => ending;

        public bool IsLinked
        {
            get => _isLinked;
            set => _isLinked = value;
        }
    }

    public sealed class Service(FakeControlPlane owner) : AgentLink.AgentLinkBase
    {
        public override async Task Connect(IAsyncStreamReader<AgentMessage> requestStream, IServerStreamWriter<ControlMessage> responseStream, ServerCallContext context)
        {
            var output = Channel.CreateUnbounded<ControlMessage>();
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
            var connection = new Connection(output, ending);
            try
            {
                await requestStream.MoveNext(ending.Token);
                owner.Hello = requestStream.Current.Hello;
                await responseStream.WriteAsync(new ControlMessage { Snapshot = owner.Register(connection) }, ending.Token);
                Interlocked.Increment(ref owner._count);
                connection.IsLinked = true;
                var writing = WriteAsync(output, responseStream, ending.Token);
                await ReadAsync(requestStream, output, ending.Token);
                await writing;
            }
            catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException)
            {
                throw new RpcException(new Status(StatusCode.Aborted, "the test hung up"));
            }
            finally
            {
                owner._connections.TryRemove(connection, out _);
            }
        }

        public override Task Events(IAsyncStreamReader<EventsUp> requestStream, IServerStreamWriter<EventsDown> responseStream, ServerCallContext context) =>
            owner.Events.ServeAsync(requestStream, responseStream, context.CancellationToken);

        public override async Task FetchCode(FetchCodeRequest request, IServerStreamWriter<CodeChunk> responseStream, ServerCallContext context)
        {
            if (!owner._code.TryGetValue(request.Sha256Hex, out var zip))
                throw new RpcException(new Status(StatusCode.NotFound, "no function uses this code"));
            await responseStream.WriteAsync(new CodeChunk { Data = ByteString.CopyFrom(zip) });
        }

        private static async Task WriteAsync(Channel<ControlMessage> output, IServerStreamWriter<ControlMessage> stream, CancellationToken cancellationToken)
        {
            await foreach (var message in output.Reader.ReadAllAsync(cancellationToken))
                await stream.WriteAsync(message, cancellationToken);
        }

        private async Task ReadAsync(IAsyncStreamReader<AgentMessage> stream, Channel<ControlMessage> output, CancellationToken cancellationToken)
        {
            while (await stream.MoveNext(cancellationToken))
            {
                switch (stream.Current.BodyCase)
                {
                    case AgentMessage.BodyOneofCase.Journal:
                        owner.Take(stream.Current.Journal, output);
                        break;
                    case AgentMessage.BodyOneofCase.FunctionReady:
                        owner.Ready.Enqueue(stream.Current.FunctionReady);
                        break;
                    case AgentMessage.BodyOneofCase.Applied:
                        owner.Applied.Enqueue(stream.Current.Applied.Change);
                        break;
                    case AgentMessage.BodyOneofCase.QueryResult:
                        if (owner.Results.TryGetValue(stream.Current.QueryResult.QueryId, out var results))
                            results.Enqueue(stream.Current.QueryResult);
                        break;
                }
            }
        }
    }
}
