using Hearth.Contracts;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Functions;

/// <summary>Resource policies of functions, versions and aliases.</summary>
public sealed class PermissionService(FunctionStore store, FunctionService functions, FunctionAddress address)
{
    public PolicyStatement Add(FunctionName name, PermissionInput input, string? revisionId)
    {
        PolicyStatement? added = null;
        store.Change(name.Name, before =>
        {
            (FunctionEntry entry, string qualifier) = Target(before, name);
            CheckRevision(entry, name, qualifier, revisionId);
            PolicyDefinition policy = PolicyRules.Add(entry.Policies.GetValueOrDefault(qualifier), entry.Name, qualifier, input, address.Arn(entry.Name, name.Qualifier), out added);
            return entry with { Policies = entry.Policies.SetItem(qualifier, policy) };
        });
        return added!;
    }

    public void Remove(FunctionName name, string sid, string? revisionId) => store.Change(name.Name, before =>
    {
        (FunctionEntry entry, string qualifier) = Target(before, name);
        PolicyDefinition? left = PolicyRules.Remove(entry.Policies.GetValueOrDefault(qualifier), sid);
        CheckRevision(entry, name, qualifier, revisionId);
        return entry with { Policies = left is null ? entry.Policies.Remove(qualifier) : entry.Policies.SetItem(qualifier, left) };
    });

    public PolicyDefinition Get(FunctionName name)
    {
        (FunctionEntry entry, _) = functions.Find(name);
        return entry.Policies.GetValueOrDefault(name.Qualifier ?? "") ?? throw new LambdaException(LambdaError.ResourceNotFound("The resource you requested does not exist."));
    }

    private (FunctionEntry Entry, string Qualifier) Target(FunctionEntry? entry, FunctionName name)
    {
        if (entry is null)
            throw address.NotFound(name with { Qualifier = null });
        if (name.Qualifier == FunctionName.Latest)
            throw new LambdaException(LambdaError.InvalidParameterValue("We currently do not support adding policies for $LATEST."));
        if (FunctionService.VersionOf(entry, name.Qualifier) is null)
            throw address.NotFound(name);
        return (entry, name.Qualifier ?? "");
    }

    // AWS shows one revision for policy and function; here a change of the policy is none of the function, so either is right.
    private static void CheckRevision(FunctionEntry entry, FunctionName name, string qualifier, string? revisionId)
    {
        if (string.IsNullOrEmpty(revisionId) || revisionId == entry.Policies.GetValueOrDefault(qualifier)?.RevisionId)
            return;
        string? current = entry.Aliases.TryGetValue(qualifier, out AliasDefinition? alias) ? alias.RevisionId : FunctionService.VersionOf(entry, name.Qualifier)?.RevisionId;
        if (revisionId != current)
            throw new LambdaException(LambdaError.RevisionMismatch());
    }
}
