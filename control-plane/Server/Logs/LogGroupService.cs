using Hearth.Contracts.V1;
using Hearth.ControlPlane.Agents;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Logs;

/// <summary>Log groups: those that were made, and those that are there because a function has logged.</summary>
public sealed class LogGroupService(LogFile file, FleetLogs fleet, FunctionAddress address, TimeProvider time)
{
    public string Arn(string group) => $"arn:aws:logs:{address.Region}:{address.Account}:log-group:{group}";

    public async Task CreateAsync(string name, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken)
    {
        LogRules.Tags(tags);
        if (await FindAsync(name, cancellationToken) is not null)
            throw LogErrors.GroupExists();
        file.ChangeGroup(name, before => before is null ? New(name) with { Tags = tags } : throw LogErrors.GroupExists());
    }

    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        await RequireAsync(name, cancellationToken);
        if (LogGroup.FunctionOf(name) is { } function)
            await fleet.DeleteAsync(function, "", cancellationToken);
        file.ChangeGroup(name, _ => null);
    }

    /// <summary>Those whose names begin so, in the order of their names.</summary>
    public async Task<FleetAnswer<LogGroup>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        var all = new SortedDictionary<string, LogGroup>(file.Current, StringComparer.Ordinal);
        // Agents are asked only for what can be theirs.
        FleetAnswer<LogGroupInfo> answer = LogGroup.MayBeFunctions(prefix) ? await fleet.GroupsAsync(cancellationToken) : new([], []);
        foreach (LogGroupInfo logged in answer.Items)
        {
            string name = LogGroup.OfFunction(logged.FunctionName);
            all[name] = all.TryGetValue(name, out LogGroup? made) ? made with { Bytes = made.Bytes + logged.Bytes } : Of(logged);
        }

        return answer.With<LogGroup>([.. all.Values.Where(g => g.Name.StartsWith(prefix, StringComparison.Ordinal))]);
    }

    /// <exception cref="Contracts.LambdaException">It may lie with agents that do not answer.</exception>
    public async Task<LogGroup?> FindAsync(string name, CancellationToken cancellationToken)
    {
        if (file.Current.TryGetValue(name, out LogGroup? made))
            return made;
        if (LogGroup.FunctionOf(name) is not { } function)
            return null;
        if (!fleet.IsAnyConnected)
            throw LogErrors.Away();
        FleetAnswer<LogGroupInfo> answer = await fleet.GroupsAsync(cancellationToken);
        return answer.Items.FirstOrDefault(g => g.FunctionName == function) is { } logged ? Of(logged) : answer.Silent.Count > 0 ? throw LogErrors.Unknown(answer.Silent) : null;
    }

    public async Task<LogGroup> RequireAsync(string name, CancellationToken cancellationToken) => await FindAsync(name, cancellationToken) ?? throw LogErrors.NoGroup();

    /// <param name="days">Null = as long as there is room.</param>
    public Task SetRetentionAsync(string name, int? days, CancellationToken cancellationToken) => ChangeAsync(name, g => g with { RetentionDays = days }, cancellationToken);

    public Task TagAsync(string name, IReadOnlyDictionary<string, string> tags, CancellationToken cancellationToken) => ChangeAsync(
        name, g => g with { Tags = LogRules.Tags(new Dictionary<string, string>([.. g.Tags.Where(t => !tags.ContainsKey(t.Key)), .. tags], StringComparer.Ordinal)) }, cancellationToken);

    public Task UntagAsync(string name, IReadOnlyList<string> keys, CancellationToken cancellationToken) =>
        ChangeAsync(name, g => g with { Tags = g.Tags.Where(t => !keys.Contains(t.Key)).ToDictionary(StringComparer.Ordinal) }, cancellationToken);

    private async Task ChangeAsync(string name, Func<LogGroup, LogGroup> change, CancellationToken cancellationToken)
    {
        LogGroup known = await RequireAsync(name, cancellationToken);
        // A function's group becomes one that is kept.
        file.ChangeGroup(name, before => change(before ?? known with { Bytes = 0 }));
    }

    private LogGroup New(string name) => file.Current.Count < LogRules.MaxGroups && !file.IsFull
        ? new LogGroup(name, time.GetUtcNow(), null, new Dictionary<string, string>(), 0)
        : throw LogErrors.Limit("Resource limit exceeded.");

    private static LogGroup Of(LogGroupInfo logged) => new(
        LogGroup.OfFunction(logged.FunctionName), DateTimeOffset.FromUnixTimeMilliseconds(logged.CreatedUnixMs), null, new Dictionary<string, string>(), logged.Bytes);
}
