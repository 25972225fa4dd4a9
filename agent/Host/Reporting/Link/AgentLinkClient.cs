using System.Collections.Concurrent;
using System.Threading.Channels;
using Grpc.Core;
using Hearth.Agent.Functions;
using Hearth.Agent.Reporting.Journal;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Reporting.Link;

/// <summary>
/// The one stream to the control plane, dialled by this agent and dialled again, with back-off, whenever it ends. Everything that must not be lost is kept
/// elsewhere (journal, catalogue) and sent again by the next connection.
/// </summary>
internal sealed class AgentLinkClient : IDisposable
{
    private const int MaxQueries = 256;
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(3);
    private readonly ControlChannel _channel;
    private readonly LinkIdentity _identity;
    private readonly Catalogue _catalogue;
    private readonly Account _account;
    private readonly InvocationJournal _journal;
    private readonly QueryAnswers _answers;
    private readonly Func<Capacity> _capacity;
    private readonly CodePreparer _preparer;
    private readonly TimeProvider _time;
    private readonly ILogger _log;
    private readonly JournalPump _pump;
    private readonly ConcurrentDictionary<ulong, CancellationTokenSource> _queries = new();
    private readonly Redial _redial;
    private volatile ChannelWriter<AgentMessage>? _output;

    public AgentLinkClient(
        ControlChannel channel, LinkIdentity identity, Catalogue catalogue, Account account, InvocationJournal journal, QueryAnswers answers, Func<Capacity> capacity,
        CodePreparer preparer, TimeProvider time, ILogger log)
    {
        _channel = channel;
        _identity = identity;
        _catalogue = catalogue;
        _account = account;
        _journal = journal;
        _answers = answers;
        _capacity = capacity;
        _preparer = preparer;
        _time = time;
        _log = log;
        _pump = new JournalPump(journal, time);
        _redial = new Redial(TimeSpan.FromMilliseconds(100), s_longest, time, cause => log.LogWarning("No link to the control plane: {Cause}; invocations go on, trying again", cause));
        journal.Appended = _pump.Wake;
        preparer.Report = ReportAsync;
    }

    public bool IsConnected => _output is not null;

    public void Start() => _redial.Start(ConnectAsync);

    /// <summary>Waits for the control plane and takes one snapshot, for an agent that may not listen before it has.</summary>
    public async Task FetchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                var hello = await _identity.HelloAsync(cancellationToken);
                using var call = _channel.Link.Connect(cancellationToken: cancellationToken);
                await call.RequestStream.WriteAsync(new AgentMessage { Hello = hello }, cancellationToken);
                if (await call.ResponseStream.MoveNext(cancellationToken) && call.ResponseStream.Current is { BodyCase: ControlMessage.BodyOneofCase.Snapshot } message)
                {
                    _account.Replace(message.Snapshot.Account);
                    return;
                }
            }
            catch (RpcException e) when (!cancellationToken.IsCancellationRequested)
            {
                _log.LogWarning("No link to the control plane: {Cause}; waiting for it, since access keys come from there", e.Status.Detail);
            }
            catch (RpcException)
            {
                throw new OperationCanceledException(cancellationToken);
            }
            await Task.Delay(s_longest, _time, cancellationToken);
        }
    }

    /// <summary>Waits a moment for the journal to be acknowledged, then hangs up.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        var began = _time.GetTimestamp();
        _pump.Wake();
        while (IsConnected && _journal.Acknowledged < _journal.Last && _time.GetElapsedTime(began) < patience)
            await Task.Delay(20);
        await _redial.StopAsync();
    }

    public void Dispose() => _redial.Dispose();

    private async Task ConnectAsync(Action established, CancellationToken stop)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var hello = await _identity.HelloAsync(ending.Token);
        using var call = _channel.Link.Connect(cancellationToken: ending.Token);
        var output = Channel.CreateBounded<AgentMessage>(new BoundedChannelOptions(1024) { SingleReader = true });
        await call.RequestStream.WriteAsync(new AgentMessage { Hello = hello }, ending.Token);
        try
        {
            // The first message proves that the other side is one: until then nothing else is sent.
            if (!await call.ResponseStream.MoveNext(ending.Token) || call.ResponseStream.Current.BodyCase != ControlMessage.BodyOneofCase.Snapshot)
                throw new InvalidOperationException("the control plane did not begin with a snapshot");
            established();
            _output = output.Writer;
            Handle(call.ResponseStream.Current, output.Writer, ending.Token);
            _log.LogInformation("Linked to the control plane; {Count} functions", _catalogue.Functions.Count);
            await Redial.AllAsync(
                ending,
                ReadAsync(call.ResponseStream, output.Writer, ending.Token),
                WriteAsync(output.Reader, call.RequestStream, ending.Token),
                _pump.RunAsync(output.Writer, ending.Token),
                ReportCapacityAsync(output.Writer, ending.Token));
        }
        finally
        {
            _output = null;
            output.Writer.TryComplete();
            foreach (var query in _queries.Values)
                await query.CancelAsync();
        }
    }

    private async Task ReadAsync(IAsyncStreamReader<ControlMessage> incoming, ChannelWriter<AgentMessage> output, CancellationToken cancellationToken)
    {
        while (await incoming.MoveNext(cancellationToken))
        {
            Handle(incoming.Current, output, cancellationToken);
            // Everything before the mark has been applied here.
            if (incoming.Current.BodyCase == ControlMessage.BodyOneofCase.Mark)
                await output.WriteAsync(new AgentMessage { Applied = new Applied { Change = incoming.Current.Mark.Change } }, cancellationToken);
        }
    }

    private async ValueTask ReportAsync(FunctionReady ready)
    {
        try
        {
            if (_output is { } output)
                await output.WriteAsync(new AgentMessage { FunctionReady = ready });
        }
        catch (ChannelClosedException)
        {
            // The next link is told everything.
        }
    }

    private static async Task WriteAsync(ChannelReader<AgentMessage> messages, IClientStreamWriter<AgentMessage> outgoing, CancellationToken cancellationToken)
    {
        await foreach (var message in messages.ReadAllAsync(cancellationToken))
            await outgoing.WriteAsync(message, cancellationToken);
    }

    private async Task ReportCapacityAsync(ChannelWriter<AgentMessage> output, CancellationToken cancellationToken)
    {
        Capacity? last = null;
        while (true)
        {
            var now = _capacity();
            if (!now.Equals(last))
                await output.WriteAsync(new AgentMessage { Capacity = now }, cancellationToken);
            last = now;
            await Task.Delay(TimeSpan.FromSeconds(1), _time, cancellationToken);
        }
    }

    private void Handle(ControlMessage message, ChannelWriter<AgentMessage> output, CancellationToken ending)
    {
        switch (message.BodyCase)
        {
            case ControlMessage.BodyOneofCase.Snapshot:
                // First who may call, then what there is to call.
                _account.Replace(message.Snapshot.Account);
                _catalogue.Replace(message.Snapshot);
                // The control plane may have lost what it was told before: every function is reported anew.
                _preparer.OnSynchronized();
                break;
            case ControlMessage.BodyOneofCase.Upsert:
                _catalogue.Upsert(message.Upsert);
                break;
            case ControlMessage.BodyOneofCase.Removed:
                _catalogue.Remove(message.Removed.FunctionName);
                break;
            case ControlMessage.BodyOneofCase.Account:
                _account.Replace(message.Account);
                break;
            case ControlMessage.BodyOneofCase.Routes:
                _catalogue.ReplaceRoutes(message.Routes.Routes);
                break;
            case ControlMessage.BodyOneofCase.JournalAck:
                _journal.Acknowledge(message.JournalAck.Epoch, message.JournalAck.LastSequence);
                _pump.Wake();
                break;
            case ControlMessage.BodyOneofCase.Query:
                _ = AnswerAsync(message.Query, output, ending);
                break;
            case ControlMessage.BodyOneofCase.CancelQuery:
                if (_queries.TryGetValue(message.CancelQuery.QueryId, out var query))
                    query.Cancel();
                break;
        }
    }

    private async Task AnswerAsync(Query query, ChannelWriter<AgentMessage> output, CancellationToken ending)
    {
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(ending);
        try
        {
            if (_queries.Count >= MaxQueries || !_queries.TryAdd(query.QueryId, cancel))
            {
                await output.WriteAsync(new AgentMessage { QueryResult = new QueryResult { QueryId = query.QueryId, Error = $"{MaxQueries} questions are open already" } }, ending);
                return;
            }
            // Reading files must not hold up the stream.
            await Task.Run(() => _answers.AnswerAsync(query, output, cancel.Token), cancel.Token);
        }
        catch (OperationCanceledException)
        {
            // Nobody waits for it any more.
        }
        catch (Exception e)
        {
            _log.LogWarning("A question of the control plane could not be answered: {Cause}", e.Message);
            output.TryWrite(new AgentMessage { QueryResult = new QueryResult { QueryId = query.QueryId, Error = e.Message } });
        }
        finally
        {
            _queries.TryRemove(new KeyValuePair<ulong, CancellationTokenSource>(query.QueryId, cancel));
        }
    }
}
