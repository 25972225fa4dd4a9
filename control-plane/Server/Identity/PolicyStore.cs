using System.Collections.Immutable;
using System.Globalization;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Identity;

/// <summary>Managed policies: the account's own, and AWS's, of which every one is taken to exist since none is looked into.</summary>
public sealed class PolicyStore
{
    private const string AwsPrefix = "arn:aws:iam::aws:policy/";
    private const int MaxName = 128;
    private const int MaxArn = 2_048;
    private const int MaxVersions = 5;

    private static readonly RowTable<ManagedPolicy> Rows = new(
        "iam_policies", ["arn", "id", "name", "path", "description", "document", "tags", "created", "versions", "default_version", "next_version"], 1,
        p =>
        [
            p.Arn, p.Id, p.Name, p.Path, p.Description, p.Current.Document, StringMap.ToJson(p.Tags), p.Created.ToUnixTimeMilliseconds(),
            StringMap.ToJson(p.Versions.ToDictionary(v => Text(v.Number), v => $"{Text(v.Created.ToUnixTimeMilliseconds())} {v.Document}")), p.Default, p.Next,
        ],
        r => new ManagedPolicy(
            r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4),
            r.IsDBNull(8) ? [new PolicyVersion(1, r.GetString(5), r.Time(7))] : [.. StringMap.FromJson(r.GetFieldValue<byte[]>(8)).Select(Version).OrderBy(v => v.Number)], r.GetInt32(9), r.GetInt32(10),
            StringMap.FromJson(r.GetFieldValue<byte[]>(6)), r.Time(7)));

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
        DateTimeOffset now = _time.GetUtcNow();
        var made = new ManagedPolicy(
            $"arn:aws:iam::{_address.Account}:policy{folder}{name}", IamRules.NewId("ANPA"), name!, folder, IamRules.Text(description, "description", IamRules.MaxDescription),
            [new PolicyVersion(1, IamRules.Document(document, "policyDocument"), now)], 1, 2, IamRules.Tags(tags), now);
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
            arn, "ANPAAWSMANAGEDPOLICY", arn[(slash + 1)..], arn[(AwsPrefix.Length - 1)..(slash + 1)], "",
            [new PolicyVersion(1, """{"Version":"2012-10-17","Statement":[]}""", DateTimeOffset.UnixEpoch)], 1, 2, new Dictionary<string, string>(), DateTimeOffset.UnixEpoch);
    }

    public void Delete(string? arn, Func<string, bool> isAttached)
    {
        ManagedPolicy policy = Get(arn);
        _policies.Change(policy.Arn, (before, _) => before is null ? throw IamErrors.NoPolicy(policy.Arn)
            : before.Versions.Count > 1 ? throw IamErrors.DeleteConflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
            : isAttached(policy.Arn) ? throw IamErrors.DeleteConflict("Cannot delete a policy attached to entities.")
            : null);
    }

    public PolicyVersion AddVersion(string? arn, string? document, bool asDefault)
    {
        IamRules.Document(document, "policyDocument");
        return Edit(arn, p => p.Versions.Count >= MaxVersions
            ? throw IamErrors.LimitExceeded($"A managed policy can have up to {MaxVersions} versions. Before you create a new version, you must delete an existing version.")
            : p with { Versions = [.. p.Versions, new PolicyVersion(p.Next, document!, _time.GetUtcNow())], Next = p.Next + 1, Default = asDefault ? p.Next : p.Default }).Versions[^1];
    }

    public void SetDefault(string? arn, string? version) => Edit(arn, p => p with { Default = VersionOf(p, version).Number });

    public void DeleteVersion(string? arn, string? version) => Edit(arn, p => VersionOf(p, version) is var old && old.Number == p.Default
        ? throw IamErrors.DeleteConflict("Cannot delete the default version of a policy.")
        : p with { Versions = [.. p.Versions.Where(v => v != old)] });

    public static PolicyVersion VersionOf(ManagedPolicy policy, string? version) => policy.Versions.FirstOrDefault(v => v.Id == version) ?? throw IamErrors.NoVersion(version ?? "");

    public void Tag(string? arn, IReadOnlyDictionary<string, string> tags) => Edit(arn, p =>
        p with { Tags = IamRules.Tags(new Dictionary<string, string>([.. p.Tags.Where(t => !tags.ContainsKey(t.Key)), .. tags], StringComparer.Ordinal)) });

    public void Untag(string? arn, IReadOnlyCollection<string> keys) => Edit(arn, p => p with { Tags = p.Tags.Where(t => !keys.Contains(t.Key)).ToDictionary(StringComparer.Ordinal) });

    // AWS's own cannot be changed: they are not among those that are kept.
    private ManagedPolicy Edit(string? arn, Func<ManagedPolicy, ManagedPolicy> change)
    {
        ManagedPolicy policy = Get(arn);
        return _policies.Change(policy.Arn, (before, _) => change(before ?? throw IamErrors.NoPolicy(policy.Arn)))!;
    }

    private static PolicyVersion Version(KeyValuePair<string, string> kept)
    {
        int space = kept.Value.IndexOf(' ', StringComparison.Ordinal);
        return new PolicyVersion(
            int.Parse(kept.Key, CultureInfo.InvariantCulture), kept.Value[(space + 1)..], DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(kept.Value[..space], CultureInfo.InvariantCulture)));
    }

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
