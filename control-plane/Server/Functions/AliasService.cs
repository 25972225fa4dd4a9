using System.Globalization;
using Hearth.Contracts;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Functions;

/// <summary>Named pointers to a version, or to two with a share of the invocations for the second.</summary>
public sealed class AliasService(FunctionStore store, FunctionService functions, FunctionAddress address)
{
    /// <param name="weights">Null = not given.</param>
    public AliasDefinition Create(FunctionName function, string name, string version, string? description, IReadOnlyList<(string Version, double Weight)>? weights)
    {
        AliasDefinition? created = null;
        store.Change(function.Name, before =>
        {
            FunctionEntry entry = before ?? throw address.NotFound(function);
            Require(entry, version);
            var (additional, weight) = Route(entry, version, weights ?? []);
            if (entry.Aliases.ContainsKey(name))
                throw new LambdaException(LambdaError.ResourceConflict($"Alias already exists: {address.Arn(entry.Name, name)}"));
            created = new AliasDefinition(entry.Name, name, version, description ?? "", additional, weight, Guid.NewGuid().ToString());
            return entry with { Aliases = entry.Aliases.Add(name, created) };
        });
        return created!;
    }

    public AliasDefinition Get(FunctionName function, string name) => Existing(functions.Entry(function), name);

    /// <param name="version">Only those that point to it; null = all.</param>
    public Page<AliasDefinition> List(FunctionName function, string? version, int? maxItems, string? marker) =>
        Paging.Of(functions.Entry(function).Aliases.Values.Where(a => version is null || a.Version == version || a.AdditionalVersion == version), a => a.Name, maxItems, marker);

    /// <summary>What is not given stays; an empty set of weights ends the split.</summary>
    public AliasDefinition Update(
        FunctionName function, string name, string? version, string? description, IReadOnlyList<(string Version, double Weight)>? weights, string? revisionId)
    {
        AliasDefinition? updated = null;
        store.Change(function.Name, before =>
        {
            FunctionEntry entry = before ?? throw address.NotFound(function);
            AliasDefinition alias = Existing(entry, name);
            if (!string.IsNullOrEmpty(revisionId) && revisionId != alias.RevisionId)
                throw new LambdaException(LambdaError.RevisionMismatch());
            string target = version ?? alias.Version;
            Require(entry, target);
            var (additional, weight) = Route(entry, target, weights ?? (alias.AdditionalVersion is { } kept ? [(kept, alias.AdditionalWeight)] : []));
            updated = alias with
            {
                Version = target,
                Description = description ?? alias.Description,
                AdditionalVersion = additional,
                AdditionalWeight = weight,
                RevisionId = Guid.NewGuid().ToString(),
            };
            return entry with { Aliases = entry.Aliases.SetItem(name, updated) };
        });
        return updated!;
    }

    /// <summary>With all that was set for the alias. One that does not exist is deleted already, as on AWS.</summary>
    public void Delete(FunctionName function, string name) => store.Change(function.Name, before =>
        before is null || !before.Aliases.ContainsKey(name) ? before : before with
        {
            Aliases = before.Aliases.Remove(name),
            Policies = before.Policies.Remove(name),
            Provisioned = before.Provisioned.Remove(name),
            EventInvoke = before.EventInvoke.Remove(name),
            Urls = before.Urls.Remove(name),
        });

    private AliasDefinition Existing(FunctionEntry entry, string name) => entry.Aliases.TryGetValue(name, out AliasDefinition? alias)
        ? alias
        : throw new LambdaException(LambdaError.ResourceNotFound($"Cannot find alias arn: {address.Arn(entry.Name, name)}"));

    private void Require(FunctionEntry entry, string version)
    {
        bool exists = version == FunctionName.Latest || (VersionRules.Parse(version) is { } number && entry.Versions.ContainsKey(number));
        if (!exists)
            throw new LambdaException(LambdaError.FunctionNotFound(address.Arn(entry.Name, version)));
    }

    private (string? Version, double Weight) Route(FunctionEntry entry, string version, IReadOnlyList<(string Version, double Weight)> weights)
    {
        if (weights.Count == 0)
            return (null, 0);
        if (weights.Count > 1)
            throw new LambdaException(LambdaError.InvalidParameterValue("Number of items in AdditionalVersionWeights cannot be greater than 1"));
        (string additional, double weight) = weights[0];
        if (!double.IsFinite(weight) || weight is < 0 or > 1)
            throw new LambdaException(LambdaError.InvalidParameterValue($"The weight {weight.ToString(CultureInfo.InvariantCulture)} of version {additional} must lie between 0 and 1."));
        if (version == FunctionName.Latest)
            throw new LambdaException(LambdaError.InvalidParameterValue("$LATEST is not supported for an alias pointing to more than 1 version"));
        if (additional == version)
            throw new LambdaException(LambdaError.InvalidParameterValue($"Invalid function version {additional}. Function version {additional} is already included in routing configuration."));
        Require(entry, additional);
        return (additional, weight);
    }
}
