using System.Threading.Channels;
using Hearth.Agent.Reporting.Logs;
using Hearth.Agent.Scheduling;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Reporting.Link;

/// <summary>Answers what the control plane asks: which instances there are, and what functions have logged.</summary>
internal sealed class QueryAnswers(Scheduler scheduler, LogStore logs)
{
    // Well below gRPC's default limit of 4 MiB a message, also after a line of 256 KiB.
    private const int MaxBatchCharacters = 256 * 1024;
    private const int MaxBatchLines = 500;
    private readonly LogAnswers _logAnswers = new(logs);

    public async Task AnswerAsync(Query query, ChannelWriter<AgentMessage> output, CancellationToken cancellationToken)
    {
        switch (query.BodyCase)
        {
            case Query.BodyOneofCase.Instances:
                var result = new QueryResult { QueryId = query.QueryId, Done = true };
                result.Instances.AddRange(scheduler.Describe(query.Instances.FunctionName));
                await Send(output, result, cancellationToken);
                break;
            case Query.BodyOneofCase.Logs:
                await LogsAsync(query.QueryId, query.Logs, output, cancellationToken);
                break;
            case Query.BodyOneofCase.LogEvents or Query.BodyOneofCase.LogStreams or Query.BodyOneofCase.LogGroups or Query.BodyOneofCase.DeleteLogs:
                await _logAnswers.AnswerAsync(query, output, cancellationToken);
                break;
            default:
                await Send(output, new QueryResult { QueryId = query.QueryId, Error = "this agent does not know the question; upgrade it" }, cancellationToken);
                break;
        }
    }

    private async Task LogsAsync(ulong queryId, ReadLogsRequest request, ChannelWriter<AgentMessage> output, CancellationToken cancellationToken)
    {
        Guid? requestId = null;
        if (request.RequestId.Length > 0)
        {
            if (!Guid.TryParse(request.RequestId, out var parsed))
            {
                await Send(output, new QueryResult { QueryId = queryId, Error = $"'{request.RequestId}' is not a request id (a uuid)" }, cancellationToken);
                return;
            }
            requestId = parsed;
        }
        if (!FunctionName.IsPlainName(request.FunctionName))
        {
            await Send(output, new QueryResult { QueryId = queryId, Error = "the function's name is not valid" }, cancellationToken);
            return;
        }
        var batch = new QueryResult { QueryId = queryId };
        var characters = 0;
        await using var entries = logs.ReadAsync(request.FunctionName, requestId, request.SinceUnixMs, request.Tail, request.Follow, cancellationToken).GetAsyncEnumerator(cancellationToken);
        while (true)
        {
            var next = entries.MoveNextAsync();
            // What is there goes out before waiting for more.
            if (batch.Lines.Count > 0 && (!next.IsCompleted || characters > MaxBatchCharacters || batch.Lines.Count >= MaxBatchLines))
            {
                await Send(output, batch, cancellationToken);
                batch = new QueryResult { QueryId = queryId };
                characters = 0;
            }
            if (!await next)
                break;
            batch.Lines.Add(Line(entries.Current));
            characters += entries.Current.Text.Length;
        }
        batch.Done = true;
        await Send(output, batch, cancellationToken);
    }

    private static LogLine Line(in LogEntry entry) => new()
    {
        TimeUnixMs = entry.TimeUnixMs,
        RequestId = entry.RequestId == Guid.Empty ? "" : entry.RequestId.ToString(),
        Stream = entry.Stream,
        Text = entry.Text,
    };

    private static ValueTask Send(ChannelWriter<AgentMessage> output, QueryResult result, CancellationToken cancellationToken) =>
        output.WriteAsync(new AgentMessage { QueryResult = result }, cancellationToken);
}
