using System.Xml;
using Hearth.ControlPlane.Identity;

namespace Hearth.ControlPlane.Api.Rest.Identity;

/// <summary>IAM's roles and their policies.</summary>
public sealed class RoleOperations(RoleService roles, PolicyStore policies) : IQueryOperations
{
    public string Service => "iam";

    public string Namespace => "https://iam.amazonaws.com/doc/2010-05-08/";

    public IEnumerable<(string Action, QueryHandler Handler)> Handlers =>
    [
        ("CreateRole", (form, _) => Whole(roles.Create(
            form.Text("RoleName"), form.Text("Path"), form.Text("AssumeRolePolicyDocument"), form.Text("Description"), form.Number("MaxSessionDuration"), form.Text("PermissionsBoundary"), form.Tags()))),
        ("GetRole", (form, _) => Whole(roles.Get(form.Text("RoleName")))),
        ("ListRoles", (form, _) => List(form.Text("PathPrefix") ?? "/")),
        ("DeleteRole", (form, _) => Done(() => roles.Delete(form.Text("RoleName")))),
        ("UpdateRole", (form, _) => Changed(() => roles.Update(form.Text("RoleName"), form.Text("Description"), form.Number("MaxSessionDuration")))),
        ("UpdateRoleDescription", (form, _) => Whole(roles.Update(form.Text("RoleName"), form.Text("Description") ?? "", null))),
        ("UpdateAssumeRolePolicy", (form, _) => Done(() => roles.SetTrustPolicy(form.Text("RoleName"), form.Text("PolicyDocument")))),
        ("PutRolePermissionsBoundary", (form, _) => Done(() => roles.SetBoundary(form.Text("RoleName"), policies.Get(form.Text("PermissionsBoundary")).Arn))),
        ("DeleteRolePermissionsBoundary", (form, _) => Done(() => roles.SetBoundary(form.Text("RoleName"), null))),
        ("AttachRolePolicy", (form, _) => Done(() => roles.Attach(form.Text("RoleName"), form.Text("PolicyArn")))),
        ("DetachRolePolicy", (form, _) => Done(() => roles.Detach(form.Text("RoleName"), form.Text("PolicyArn")))),
        ("ListAttachedRolePolicies", (form, _) => ListAttached(roles.Get(form.Text("RoleName")))),
        ("PutRolePolicy", (form, _) => Done(() => roles.PutInline(form.Text("RoleName"), form.Text("PolicyName"), form.Text("PolicyDocument")))),
        ("GetRolePolicy", (form, _) => GetInline(form)),
        ("DeleteRolePolicy", (form, _) => Done(() => roles.DeleteInline(form.Text("RoleName"), form.Text("PolicyName")))),
        ("ListRolePolicies", (form, _) => ListInline(roles.Get(form.Text("RoleName")))),
        ("ListInstanceProfilesForRole", (form, _) => ListNoProfiles(roles.Get(form.Text("RoleName")))),
        ("TagRole", (form, _) => Done(() => roles.Tag(form.Text("RoleName"), form.Tags()))),
        ("UntagRole", (form, _) => Done(() => roles.Untag(form.Text("RoleName"), form.List("TagKeys").ToHashSet(StringComparer.Ordinal)))),
        ("ListRoleTags", (form, _) => ListTags(roles.Get(form.Text("RoleName")))),
    ];

    private static Action<XmlWriter>? Done(Action work)
    {
        work();
        return null;
    }

    private static Action<XmlWriter> Changed(Action work)
    {
        work();
        // An empty Result, where the model has one.
        return static _ => { };
    }

    private Action<XmlWriter> Whole(Role role) => writer =>
    {
        writer.WriteStartElement("Role");
        Write(writer, role, whole: true);
        writer.WriteEndElement();
    };

    private void Write(XmlWriter writer, Role role, bool whole)
    {
        writer.Text("Path", role.Path);
        writer.Text("RoleName", role.Name);
        writer.Text("RoleId", role.Id);
        writer.Text("Arn", roles.Arn(role));
        writer.Time("CreateDate", role.Created);
        writer.Document("AssumeRolePolicyDocument", role.TrustPolicy);
        if (role.Description.Length > 0)
            writer.Text("Description", role.Description);
        writer.WriteElementString("MaxSessionDuration", XmlConvert.ToString(role.MaxSessionSeconds));
        if (!whole)
            return;
        if (role.PermissionsBoundary is { } boundary)
        {
            writer.WriteStartElement("PermissionsBoundary");
            writer.Text("PermissionsBoundaryType", "Policy");
            writer.Text("PermissionsBoundaryArn", boundary);
            writer.WriteEndElement();
        }

        if (role.Tags.Count > 0)
            writer.Tags(role.Tags);
    }

    private Action<XmlWriter> List(string prefix) => writer =>
    {
        writer.List("Roles", roles.Current.Values.Where(r => r.Path.StartsWith(prefix, StringComparison.Ordinal)), r => Write(writer, r, whole: false));
        writer.Whole();
    };

    private Action<XmlWriter> ListAttached(Role role) => writer =>
    {
        writer.List("AttachedPolicies", role.Attached, arn =>
        {
            writer.Text("PolicyName", policies.Get(arn).Name);
            writer.Text("PolicyArn", arn);
        });
        writer.Whole();
    };

    private Action<XmlWriter> GetInline(QueryForm form)
    {
        (string? role, string? name) = (form.Text("RoleName"), form.Text("PolicyName"));
        string document = roles.GetInline(role, name);
        return writer =>
        {
            writer.Text("RoleName", role!);
            writer.Text("PolicyName", name!);
            writer.Document("PolicyDocument", document);
        };
    }

    private static Action<XmlWriter> ListInline(Role role) => writer =>
    {
        writer.List("PolicyNames", role.Inline.Keys.Order(StringComparer.Ordinal), name => writer.WriteString(name));
        writer.Whole();
    };

    private static Action<XmlWriter> ListTags(Role role) => writer =>
    {
        writer.Tags(role.Tags);
        writer.Whole();
    };

    private static Action<XmlWriter> ListNoProfiles(Role _) => static writer =>
    {
        writer.List("InstanceProfiles", (string[])[], static _ => { });
        writer.Whole();
    };
}
