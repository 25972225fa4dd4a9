using System.Collections.Immutable;
using Hearth.Contracts;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Identity;

/// <summary>IAM's roles and what is attached to them.</summary>
public sealed class RoleService
{
    private const int MaxName = 64;
    private const int MinSession = 3_600;
    private const int MaxSession = 43_200;

    private static readonly RowTable<Role> Rows = new(
        "iam_roles", ["name", "id", "path", "trust_policy", "description", "max_session_seconds", "permissions_boundary", "attached", "inline", "tags", "created"], 1,
        r =>
        [
            r.Name, r.Id, r.Path, r.TrustPolicy, r.Description, r.MaxSessionSeconds, r.PermissionsBoundary, string.Join('\n', r.Attached), StringMap.ToJson(r.Inline),
            StringMap.ToJson(r.Tags), r.Created.ToUnixTimeMilliseconds(),
        ],
        r => new Role(
            r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.GetString(4), r.GetInt32(5), r.Text(6), r.GetString(7) is { Length: > 0 } attached ? attached.Split('\n') : [],
            StringMap.FromJson(r.GetFieldValue<byte[]>(8)), StringMap.FromJson(r.GetFieldValue<byte[]>(9)), r.Time(10)));

    private readonly RowStore<Role> _roles;
    private readonly FunctionAddress _address;
    private readonly PolicyStore _policies;
    private readonly TimeProvider _time;

    public RoleService(Database database, FunctionAddress address, PolicyStore policies, TimeProvider time)
    {
        _roles = new RowStore<Role>(database, Rows, r => r.Name);
        _address = address;
        _policies = policies;
        _time = time;
    }

    public ImmutableSortedDictionary<string, Role> Current => _roles.Current;

    public string Arn(Role role) => $"arn:aws:iam::{_address.Account}:role{role.Path}{role.Name}";

    public Role Create(
        string? name, string? path, string? trustPolicy, string? description, int? maxSessionSeconds, string? permissionsBoundary, IReadOnlyDictionary<string, string> tags)
    {
        if (maxSessionSeconds is < MinSession or > MaxSession)
            throw IamErrors.Validation($"{maxSessionSeconds}", "maxSessionDuration", $"Member must have value between {MinSession} and {MaxSession}");
        var made = new Role(
            IamRules.Name(name, "roleName", MaxName), IamRules.NewId("AROA"), IamRules.Path(path), IamRules.Document(trustPolicy, "assumeRolePolicyDocument"),
            IamRules.Text(description, "description", IamRules.MaxDescription), maxSessionSeconds ?? MinSession, permissionsBoundary, [], new Dictionary<string, string>(), IamRules.Tags(tags),
            _time.GetUtcNow());
        return _roles.Change(made.Name, (before, all) => before is not null ? throw IamErrors.RoleExists(made.Name)
            : all.Count >= IamRules.MaxRoles ? throw IamErrors.LimitExceeded($"Cannot exceed quota for RolesPerAccount: {IamRules.MaxRoles}")
            : made)!;
    }

    public Role Get(string? name) => Current.GetValueOrDefault(IamRules.Name(name, "roleName", MaxName)) ?? throw IamErrors.NoRole(name!);

    public void Delete(string? name)
    {
        Get(name);
        _roles.Change(name!, (before, _) => before switch
        {
            null => throw IamErrors.NoRole(name!),
            { Attached.Count: > 0 } => throw IamErrors.DeleteConflict("Cannot delete entity, must detach all policies first."),
            { Inline.Count: > 0 } => throw IamErrors.DeleteConflict("Cannot delete entity, must delete policies first."),
            _ => null,
        });
    }

    public void SetTrustPolicy(string? name, string? document)
    {
        IamRules.Document(document, "policyDocument");
        Edit(name, r => r with { TrustPolicy = document! });
    }

    public Role Update(string? name, string? description, int? maxSessionSeconds) => Edit(name, r => r with
    {
        Description = description is null ? r.Description : IamRules.Text(description, "description", IamRules.MaxDescription),
        MaxSessionSeconds = maxSessionSeconds ?? r.MaxSessionSeconds,
    });

    /// <param name="arn">Null takes it away.</param>
    public void SetBoundary(string? name, string? arn) => Edit(name, r => r with { PermissionsBoundary = arn });

    public void Attach(string? name, string? policyArn) => Edit(name, r =>
    {
        string arn = _policies.Get(policyArn).Arn;
        if (r.Attached.Contains(arn))
            return r;
        return r.Attached.Count < IamRules.MaxAttached ? r with { Attached = [.. r.Attached, arn] } : throw IamErrors.LimitExceeded($"Cannot exceed quota for PoliciesPerRole: {IamRules.MaxAttached}");
    });

    public void Detach(string? name, string? policyArn) => Edit(name, r =>
        r.Attached.Contains(policyArn ?? "") ? r with { Attached = [.. r.Attached.Where(a => a != policyArn)] } : throw IamErrors.NotAttached(policyArn ?? ""));

    public void PutInline(string? name, string? policy, string? document)
    {
        IamRules.Name(policy, "policyName", 128);
        IamRules.Document(document, "policyDocument");
        Edit(name, r => r.Inline.Count < IamRules.MaxInline || r.Inline.ContainsKey(policy!)
            ? r with { Inline = new Dictionary<string, string>(r.Inline.Where(p => p.Key != policy), StringComparer.Ordinal) { [policy!] = document! } }
            : throw IamErrors.LimitExceeded($"A role can have at most {IamRules.MaxInline} inline policies here."));
    }

    public string GetInline(string? name, string? policy) => Get(name).Inline.GetValueOrDefault(policy ?? "") ?? throw IamErrors.NoInline(policy ?? "");

    public void DeleteInline(string? name, string? policy) => Edit(name, r =>
        r.Inline.ContainsKey(policy ?? "") ? r with { Inline = r.Inline.Where(p => p.Key != policy).ToDictionary(StringComparer.Ordinal) } : throw IamErrors.NoInline(policy ?? ""));

    public void Tag(string? name, IReadOnlyDictionary<string, string> tags) => Edit(name, r =>
        r with { Tags = IamRules.Tags(new Dictionary<string, string>([.. r.Tags.Where(t => !tags.ContainsKey(t.Key)), .. tags], StringComparer.Ordinal)) });

    public void Untag(string? name, IReadOnlyCollection<string> keys) => Edit(name, r => r with { Tags = r.Tags.Where(t => !keys.Contains(t.Key)).ToDictionary(StringComparer.Ordinal) });

    private Role Edit(string? name, Func<Role, Role> change)
    {
        Get(name);
        return _roles.Change(name!, (before, _) => change(before ?? throw IamErrors.NoRole(name!)))!;
    }
}
