using Hearth.Contracts;
using Hearth.ControlPlane.Agents;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Functions;

/// <summary>Reserved and provisioned concurrency within the account's limit. Agents enforce what is reserved and keep what is provisioned.</summary>
public sealed class ConcurrencyService(FunctionStore store, FunctionService functions, FunctionAddress address, AgentRegistry agents, TimeProvider time)
{
    /// <summary>Lambda's default quotas.</summary>
    public const int AccountLimit = 1_000;

    public const int UnreservedMinimum = 100;

    private const string BelowMinimum = "decreases account's UnreservedConcurrentExecution below its minimum value of [100].";

    /// <summary>What functions without a reservation share.</summary>
    public int Unreserved => AccountLimit - Reserved(null);

    public int? Get(FunctionName name) => functions.Entry(name).ReservedConcurrency;

    public void Put(FunctionName name, int reserved) => store.Change(name.Name, before =>
    {
        FunctionEntry entry = before ?? throw address.NotFound(name);
        if (AccountLimit - Reserved(entry.Name) - reserved < UnreservedMinimum)
            throw new LambdaException(LambdaError.InvalidParameterValue($"Specified ReservedConcurrentExecutions for function {BelowMinimum}"));
        int provisioned = entry.Provisioned.Values.Sum(p => p.Requested);
        if (reserved < provisioned)
            throw new LambdaException(LambdaError.InvalidParameterValue($"ReservedConcurrentExecutions  {reserved} should not be lower than function's total provisioned concurrency [{provisioned}]."));
        return entry with { ReservedConcurrency = reserved };
    });

    public void Delete(FunctionName name) => store.Change(name.Name, before =>
    {
        FunctionEntry entry = before ?? throw address.NotFound(name);
        return entry.ReservedConcurrency is null ? entry : entry with { ReservedConcurrency = null };
    });

    public ProvisionedConcurrency PutProvisioned(FunctionName name, int requested)
    {
        ProvisionedConcurrency? put = null;
        store.Change(name.Name, before =>
        {
            FunctionEntry entry = before ?? throw address.NotFound(name);
            string qualifier = RequirePublished(entry, name);
            RefuseTwice(entry, qualifier);
            int others = entry.Provisioned.Values.Where(p => p.Qualifier != qualifier).Sum(p => p.Requested);
            if (entry.ReservedConcurrency is { } reserved && others + requested > reserved)
                throw new LambdaException(LambdaError.InvalidParameterValue("Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"));
            if (entry.ReservedConcurrency is null && AccountLimit - Reserved(null) - others - requested < UnreservedMinimum)
                throw new LambdaException(LambdaError.InvalidParameterValue($"Specified ConcurrentExecutions for function {BelowMinimum}"));
            put = new ProvisionedConcurrency(entry.Name, qualifier, requested, time.GetUtcNow());
            return entry with { Provisioned = entry.Provisioned.SetItem(qualifier, put) };
        });
        return put!;
    }

    public ProvisionedConcurrency GetProvisioned(FunctionName name)
    {
        FunctionEntry entry = functions.Entry(name);
        return entry.Provisioned.GetValueOrDefault(RequirePublished(entry, name)) ?? throw new LambdaException(new LambdaError(
            404, "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found for this function", LambdaErrorBody.TypeAndLowerCaseMessage));
    }

    /// <summary>How far the connected agents are with it.</summary>
    public ProvisionedProgress Progress(ProvisionedConcurrency config)
    {
        FunctionEntry entry = functions.Entry(new FunctionName(config.Function, config.Qualifier));
        string? version = FunctionService.VersionOf(entry, config.Qualifier)?.Version;
        var states = agents.Current.SelectMany(a => a.Capacity.Provisioned).Where(p => p.FunctionName == config.Function && p.Version == version).ToList();
        return new ProvisionedProgress(
            Math.Min(config.Requested, states.Sum(s => s.Allocated)), Math.Min(config.Requested, states.Sum(s => s.Available)), states.Exists(s => s.Failed));
    }

    public Page<ProvisionedConcurrency> ListProvisioned(FunctionName name, int? maxItems, string? marker) =>
        Paging.Of(functions.Entry(name).Provisioned.Values, p => p.Qualifier, maxItems, marker);

    public void DeleteProvisioned(FunctionName name) => store.Change(name.Name, before =>
    {
        FunctionEntry entry = before ?? throw address.NotFound(name);
        return entry with { Provisioned = entry.Provisioned.Remove(RequirePublished(entry, name)) };
    });

    private int Reserved(string? except) => store.Current.Values.Where(e => e.Name != except).Sum(e => e.ReservedConcurrency ?? 0);

    private string RequirePublished(FunctionEntry entry, FunctionName name)
    {
        if (name.Qualifier is null or FunctionName.Latest)
            throw new LambdaException(LambdaError.InvalidParameterValue("Provisioned Concurrency Configs cannot be applied to unpublished function versions."));
        if (FunctionService.VersionOf(entry, name.Qualifier) is not { } version)
        {
            throw VersionRules.Parse(name.Qualifier) is null
                ? new LambdaException(LambdaError.ResourceNotFound($"Cannot find alias arn: {address.Arn(entry.Name, name.Qualifier)}"))
                : address.NotFound(name);
        }

        return version.Version == FunctionName.Latest
            ? throw new LambdaException(LambdaError.InvalidParameterValue("Provisioned Concurrency Configs cannot be applied to unpublished function versions."))
            : name.Qualifier;
    }

    // One environment belongs to one configuration: not to an alias and to its version.
    private static void RefuseTwice(FunctionEntry entry, string qualifier)
    {
        if (entry.Aliases.TryGetValue(qualifier, out AliasDefinition? alias))
        {
            if (entry.Provisioned.ContainsKey(alias.Version))
                throw new LambdaException(LambdaError.ResourceConflict("Alias can't be used for Provisioned Concurrency configuration on an already Provisioned version"));
        }
        else if (entry.Aliases.Values.Any(a => a.Version == qualifier && entry.Provisioned.ContainsKey(a.Name)))
        {
            throw new LambdaException(LambdaError.ResourceConflict("Version is pointed by a Provisioned Concurrency alias"));
        }
    }
}
