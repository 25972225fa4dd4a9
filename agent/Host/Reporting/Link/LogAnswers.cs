using System.Threading.Channels;
using Hearth.Agent.Reporting.Logs;
using Hearth.Contracts;
using Hearth.Contracts.Logs;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Reporting.Link;

/// <summary>Answers what the control plane asks for the Logs API. Reads files: not for the stream's own thread.</summary>
internal sealed class LogAnswers(LogStore logs)
{
    private const int MaxLimit = 10_000;

    // Well below gRPC's default limit of 4 MiB a message.
    private const int MaxBatch = 500;
    private const int MaxBatchCharacters = 256 * 1024;

    public async Task AnswerAsync(Query query, ChannelWriter<AgentMessage> output, CancellationToken cancellationToken)
    {
        foreach (var result in Answers(query, cancellationToken))
        {
            result.QueryId = query.QueryId;
            await output.WriteAsync(new AgentMessage { QueryResult = result }, cancellationToken);
        }
    }

    private IEnumerable<QueryResult> Answers(Query query, CancellationToken cancellationToken)
    {
        switch (query.BodyCase)
        {
            case Query.BodyOneofCase.LogGroups:
                return InBatches(logs.Describe(), static _ => 256, static (result, group) => result.Groups.Add(group), more: false);
            case Query.BodyOneofCase.LogStreams:
                return InBatches(LogSearch.Streams(Log(query.LogStreams.FunctionName), cancellationToken), static _ => 256, static (result, stream) => result.Streams.Add(stream), more: false);
            case Query.BodyOneofCase.DeleteLogs:
                Log(query.DeleteLogs.FunctionName).Remove(query.DeleteLogs.Stream);
                return [new QueryResult { Done = true }];
            default:
                var asked = query.LogEvents;
                asked.Limit = Math.Clamp(asked.Limit, 1, MaxLimit);
                if (LogPattern.TryParse(asked.Pattern, out var error) is not { } pattern)
                    throw new ArgumentException($"the filter pattern is not valid: {error}");
                var events = LogSearch.Events(Log(asked.FunctionName), asked, pattern, cancellationToken, out var more);
                return InBatches(events, static e => e.Text.Length, static (result, found) => result.Events.Add(found), more);
        }
    }

    private FunctionLog Log(string function) =>
        FunctionName.IsPlainName(function) ? logs.Open(function) : throw new ArgumentException("the function's name is not valid");

    private static IEnumerable<QueryResult> InBatches<T>(IReadOnlyCollection<T> items, Func<T, int> size, Action<QueryResult, T> add, bool more)
    {
        var (batch, count, characters) = (new QueryResult(), 0, 0);
        foreach (var item in items)
        {
            if (count > 0 && (count == MaxBatch || characters + size(item) > MaxBatchCharacters))
            {
                yield return batch;
                (batch, count, characters) = (new QueryResult(), 0, 0);
            }
            add(batch, item);
            count++;
            characters += size(item);
        }
        batch.Done = true;
        batch.More = more;
        yield return batch;
    }
}
