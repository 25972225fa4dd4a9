using Hearth.Contracts.V1;
using Hearth.ControlPlane.Agents;

namespace Hearth.ControlPlane.Logs;

/// <summary>Log streams: one of each instance of a function, and those that were made.</summary>
public sealed class LogStreamService(LogFile file, LogGroupService groups, FleetLogs fleet, TimeProvider time)
{
    public async Task CreateAsync(string group, string name, CancellationToken cancellationToken)
    {
        LogGroup owner = await groups.RequireAsync(group, cancellationToken);
        if (file.IsFull)
            throw LogErrors.Full();
        // A function's group becomes one that is kept.
        file.ChangeGroup(group, before => before ?? owner with { Bytes = 0 });
        file.ChangeStream(group, name, (before, count) => before is not null ? throw LogErrors.StreamExists()
            : count >= LogRules.MaxStreamsPerGroup ? throw LogErrors.Limit("Resource limit exceeded.")
            : new LogStream(group, name, time.GetUtcNow(), null, null, null));
    }

    public async Task DeleteAsync(string group, string name, CancellationToken cancellationToken)
    {
        await RequireAsync(group, name, cancellationToken);
        if (LogGroup.FunctionOf(group) is { } function)
            await fleet.DeleteAsync(function, name, cancellationToken);
        file.ChangeStream(group, name, (_, _) => null);
    }

    /// <exception cref="Contracts.LambdaException">There is none of that name, or it may lie with agents that did not answer.</exception>
    public async Task RequireAsync(string group, string name, CancellationToken cancellationToken)
    {
        FleetAnswer<LogStream> all = await ListAsync(group, cancellationToken);
        if (!all.Items.Any(s => s.Name == name))
            throw all.Silent.Count > 0 ? LogErrors.Unknown(all.Silent) : LogErrors.NoStream();
    }

    /// <summary>All of a group, by name.</summary>
    public async Task<FleetAnswer<LogStream>> ListAsync(string group, CancellationToken cancellationToken)
    {
        await groups.RequireAsync(group, cancellationToken);
        List<LogStream> all = file.StreamsOf(group);
        if (LogGroup.FunctionOf(group) is not { } function)
            return new FleetAnswer<LogStream>(all, []);
        FleetAnswer<LogStreamInfo> answer = await fleet.StreamsAsync(function, cancellationToken);
        var logged = answer.Items.GroupBy(s => s.Name, StringComparer.Ordinal).Select(s => Of(group, s));
        return answer.With<LogStream>([.. all.Concat(logged).DistinctBy(s => s.Name).OrderBy(s => s.Name, StringComparer.Ordinal)]);
    }

    private static LogStream Of(string group, IGrouping<string, LogStreamInfo> parts)
    {
        long last = parts.Max(p => p.LastEventUnixMs), first = parts.Min(p => p.FirstEventUnixMs);
        return new LogStream(group, parts.Key, DateTimeOffset.FromUnixTimeMilliseconds(first), first, last, DateTimeOffset.FromUnixTimeMilliseconds(last));
    }
}
