using Grpc.Core;
using Hearth.Contracts;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Queue;
using Hearth.ControlPlane.Store;
using Microsoft.Win32.SafeHandles;

namespace Hearth.ControlPlane.Agents;

/// <summary>The stream that agents dial. Two loops, one in each direction, and two that store what the agent says; whichever ends first ends the connection, and its reason is the one reported.</summary>
public sealed class AgentLinkService(
    AgentRegistry registry, FunctionSpecs specs, FunctionService functions, BlobStore blobs, UsageStore usage, EventQueue events, IHostApplicationLifetime lifetime,
    ILogger<AgentLinkService> log)
    : AgentLink.AgentLinkBase
{
    private const int LinkVersion = 2;
    private const int ChunkBytes = 1 << 20;

    /// <summary>For a message that is being sent when the connection is closed.</summary>
    private static readonly TimeSpan LastWriteTime = TimeSpan.FromSeconds(2);

    public override async Task Connect(IAsyncStreamReader<AgentMessage> requestStream, IServerStreamWriter<ControlMessage> responseStream, ServerCallContext context)
    {
        AgentHello hello = await ReadHelloAsync(requestStream, context.CancellationToken);
        using var connection = new AgentConnection(hello);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, connection.Closed);
        // A write that is cancelled resets the stream, and the agent never hears why: it is let finish, unless the agent does not read.
        using var writes = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        await using CancellationTokenRegistration closing = connection.Closed.Register(() => writes.CancelAfter(LastWriteTime));
        registry.Add(connection);
        registry.StreamBegun();
        context.GetHttpContext().Response.OnCompleted(() =>
        {
            registry.StreamEnded();
            return Task.CompletedTask;
        });
        log.LogInformation("agent {Agent} connected: {Endpoint}, cgroup {Mode}, version {Version}", hello.AgentId, hello.Endpoint, hello.CgroupMode, hello.SoftwareVersion);
        var journal = new JournalIntake(connection, usage, TimeProvider.System, log);
        var ready = new ReadyIntake(connection, functions, TimeProvider.System, log);
        Task reading = ReadLoopAsync(connection, journal, ready, requestStream, ending.Token);
        Task storing = journal.RunAsync(ending.Token);
        Task noting = ready.RunAsync(ending.Token);
        Task writing = WriteLoopAsync(connection, responseStream, ending.Token, writes.Token);
        try
        {
            Task first = await Task.WhenAny(reading, writing, storing, noting);
            connection.Close(first.Exception?.InnerException?.Message ?? "it hung up");
        }
        finally
        {
            registry.Remove(connection);
            connection.Close("the connection has ended");
            await Task.WhenAll(reading, writing, storing, noting).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            log.LogInformation("agent {Agent} disconnected: {Reason}", hello.AgentId, connection.CloseReason);
        }

        if (!context.CancellationToken.IsCancellationRequested)
        {
            RpcException? fault = new[] { reading, writing, storing, noting }.Select(t => t.Exception?.InnerException).OfType<RpcException>().FirstOrDefault();
            throw fault ?? new RpcException(new Status(StatusCode.Aborted, connection.CloseReason ?? "closed"));
        }
    }

    public override async Task FetchCode(FetchCodeRequest request, IServerStreamWriter<CodeChunk> responseStream, ServerCallContext context)
    {
        using SafeFileHandle blob = blobs.Open(request.Sha256Hex)
            ?? throw new RpcException(new Status(StatusCode.NotFound, "no function uses this code; wait for the next definition"));
        long offset = 0;
        while (true)
        {
            byte[] buffer = new byte[(int)Math.Min(ChunkBytes, Math.Max(1, RandomAccess.GetLength(blob) - offset))];
            int read = await RandomAccess.ReadAsync(blob, buffer, offset, context.CancellationToken);
            if (read == 0)
                return;
            offset += read;
            await responseStream.WriteAsync(new CodeChunk { Data = Google.Protobuf.UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, read)) }, context.CancellationToken);
        }
    }

    public override async Task Events(IAsyncStreamReader<EventsUp> requestStream, IServerStreamWriter<EventsDown> responseStream, ServerCallContext context)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, lifetime.ApplicationStopping);
        if (!await requestStream.MoveNext(ending.Token) || requestStream.Current.AgentId.Length is 0 or > 64)
            throw Invalid("the first message must hold the agent's id, of 1 to 64 characters");
        string agentId = requestStream.Current.AgentId;
        // Says that this control plane takes events.
        await responseStream.WriteAsync(new EventsDown(), ending.Token);
        await new EventStream(events, agentId).ServeAsync(requestStream, responseStream, ending.Token);
    }

    private static async Task<AgentHello> ReadHelloAsync(IAsyncStreamReader<AgentMessage> incoming, CancellationToken cancellationToken)
    {
        if (!await incoming.MoveNext(cancellationToken) || incoming.Current.BodyCase != AgentMessage.BodyOneofCase.Hello)
            throw Invalid("the first message must be Hello");
        AgentHello hello = incoming.Current.Hello;
        if (hello.LinkVersion != LinkVersion)
            throw new RpcException(new Status(StatusCode.FailedPrecondition, $"agent speaks link version {hello.LinkVersion}, this control plane {LinkVersion}; upgrade the older one"));
        if (hello.AgentId.Length is 0 or > 64)
            throw Invalid("agent_id must have 1 to 64 characters");
        return hello;
    }

    /// <param name="ending">Nothing more is to be said.</param>
    /// <param name="writes">Nor is what is being said to be finished.</param>
    private async Task WriteLoopAsync(AgentConnection connection, IServerStreamWriter<ControlMessage> outgoing, CancellationToken ending, CancellationToken writes)
    {
        // Read first: the snapshot then holds at least that much.
        ulong known = specs.Changes;
        await SendAsync(specs.Snapshot());
        await SendAsync(MarkOf(known));
        while (true)
        {
            (HashSet<string> changed, bool account, bool routes, ulong change, List<ControlMessage> queries, JournalAck? ack) = await connection.Outbox.TakeAsync(ending);
            if (ack is not null)
                await SendAsync(new ControlMessage { JournalAck = ack });
            // Who may call comes before what there is to call.
            if (account)
                await SendAsync(new ControlMessage { Account = specs.Account() });
            foreach (string name in changed)
                await SendAsync(specs.Change(name));
            if (routes)
                await SendAsync(specs.RouteTable());
            if (changed.Count > 0 || account)
                await SendAsync(MarkOf(change));
            foreach (ControlMessage query in queries)
                await SendAsync(query);
        }

        Task SendAsync(ControlMessage message)
        {
            ending.ThrowIfCancellationRequested();
            return outgoing.WriteAsync(message, writes);
        }
    }

    private static ControlMessage MarkOf(ulong change) => new() { Mark = new Mark { Change = change } };

    private static async Task ReadLoopAsync(AgentConnection connection, JournalIntake journal, ReadyIntake ready, IAsyncStreamReader<AgentMessage> incoming, CancellationToken cancellationToken)
    {
        while (await incoming.MoveNext(cancellationToken))
        {
            AgentMessage message = incoming.Current;
            switch (message.BodyCase)
            {
                case AgentMessage.BodyOneofCase.Journal:
                    await journal.TakeAsync(message.Journal, cancellationToken);
                    break;
                case AgentMessage.BodyOneofCase.Capacity:
                    connection.Capacity = message.Capacity;
                    break;
                case AgentMessage.BodyOneofCase.QueryResult:
                    connection.Queries.Answer(message.QueryResult);
                    break;
                case AgentMessage.BodyOneofCase.FunctionReady:
                    await ready.TakeAsync(message.FunctionReady, cancellationToken);
                    break;
                case AgentMessage.BodyOneofCase.Applied:
                    connection.Progress.Reach(message.Applied.Change);
                    break;
                case AgentMessage.BodyOneofCase.Hello:
                    throw Invalid("Hello comes once");
                default:
                    // A newer agent may say more than this version knows; what it must not lose it repeats until it is acknowledged.
                    break;
            }
        }
    }

    private static RpcException Invalid(string what) => new(new Status(StatusCode.InvalidArgument, what));
}
