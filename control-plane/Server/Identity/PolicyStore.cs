using System.Collections.Immutable;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Identity;

/// <summary>Managed policies: the account's own, and AWS's, of which every one is taken to exist since none is looked into.</summary>
public sealed class PolicyStore
{
    private const string AwsPrefix = "arn:aws:iam::aws:policy/";
    private const int MaxName = 128;
    private const int MaxArn = 2_048;

    private static readonly RowTable<ManagedPolicy> Rows = new(
        "iam_policies", ["arn", "id", "name", "path", "description", "document", "tags", "created"], 1,
        p => [p.Arn, p.Id, p.Name, p.Path, p.Description, p.Document, StringMap.ToJson(p.Tags), p.Created.ToUnixTimeMilliseconds()],
        r => new ManagedPolicy(
            r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetString(5), StringMap.FromJson(r.GetFieldValue<byte[]>(6)), r.Time(7)));

    private readonly RowStore<ManagedPolicy> _policies;
    private readonly FunctionAddress _address;
    private readonly TimeProvider _time;

    public PolicyStore(Database database, FunctionAddress address, TimeProvider time)
    {
        _policies = new RowStore<ManagedPolicy>(database, Rows, p => p.Arn);
        _address = address;
        _time = time;
    }

    public ImmutableSortedDictionary<string, ManagedPolicy> Current => _policies.Current;

    public ManagedPolicy Create(string? name, string? path, string? description, string? document, IReadOnlyDictionary<string, string> tags)
    {
        IamRules.Name(name, "policyName", MaxName);
        string folder = IamRules.Path(path);
        var made = new ManagedPolicy(
            $"arn:aws:iam::{_address.Account}:policy{folder}{name}", IamRules.NewId("ANPA"), name!, folder, IamRules.Text(description, "description", IamRules.MaxDescription),
            IamRules.Document(document, "policyDocument"), IamRules.Tags(tags), _time.GetUtcNow());
        return _policies.Change(made.Arn, (_, all) => all.Values.Any(p => p.Name == name) ? throw IamErrors.PolicyExists(name!)
            : all.Count >= IamRules.MaxPolicies ? throw IamErrors.LimitExceeded($"Cannot exceed quota for PoliciesPerAccount: {IamRules.MaxPolicies}")
            : made)!;
    }

    public ManagedPolicy Get(string? arn)
    {
        if (arn is null || arn.Length is < 20 or > MaxArn)
            throw IamErrors.Validation(arn, "policyArn", arn is null ? "Member must not be null" : $"Member must have length between 20 and {MaxArn}");
        if (Current.TryGetValue(arn, out ManagedPolicy? own))
            return own;
        if (!arn.StartsWith(AwsPrefix, StringComparison.Ordinal) || arn.AsSpan().ContainsAnyExceptInRange('!', '\x7e'))
            throw IamErrors.NoPolicy(arn);
        int slash = arn.LastIndexOf('/');
        return new ManagedPolicy(
            arn, "ANPAAWSMANAGEDPOLICY", arn[(slash + 1)..], arn[(AwsPrefix.Length - 1)..(slash + 1)], "", """{"Version":"2012-10-17","Statement":[]}""", new Dictionary<string, string>(), DateTimeOffset.UnixEpoch);
    }

    public void Delete(string? arn, Func<string, bool> isAttached)
    {
        ManagedPolicy policy = Get(arn);
        _policies.Change(policy.Arn, (before, _) => before is null ? throw IamErrors.NoPolicy(policy.Arn)
            : isAttached(policy.Arn) ? throw IamErrors.DeleteConflict("Cannot delete a policy attached to entities.")
            : null);
    }
}
