using System.Xml;
using Hearth.ControlPlane.Identity;

namespace Hearth.ControlPlane.Api.Rest.Identity;

/// <summary>IAM's managed policies.</summary>
public sealed class PolicyOperations(PolicyStore policies, RoleService roles) : IQueryOperations
{
    public string Service => "iam";

    public string Namespace => "https://iam.amazonaws.com/doc/2010-05-08/";

    public IEnumerable<(string Action, QueryHandler Handler)> Handlers =>
    [
        ("CreatePolicy", (form, _) => Whole(policies.Create(form.Text("PolicyName"), form.Text("Path"), form.Text("Description"), form.Text("PolicyDocument"), form.Tags()))),
        ("GetPolicy", (form, _) => Whole(policies.Get(form.Text("PolicyArn")))),
        ("DeletePolicy", (form, _) => Done(() => policies.Delete(form.Text("PolicyArn"), arn => roles.Current.Values.Any(r => r.Attached.Contains(arn))))),
        ("ListPolicies", (_, _) => writer =>
        {
            writer.List("Policies", policies.Current.Values, p => Write(writer, p));
            writer.Whole();
        }),
        ("GetPolicyVersion", (form, _) => GetVersion(form)),
        ("ListPolicyVersions", (form, _) => ListVersions(policies.Get(form.Text("PolicyArn")))),
        ("CreatePolicyVersion", (form, _) => CreateVersion(form)),
        ("SetDefaultPolicyVersion", (form, _) => Done(() => policies.SetDefault(form.Text("PolicyArn"), form.Text("VersionId")))),
        ("DeletePolicyVersion", (form, _) => Done(() => policies.DeleteVersion(form.Text("PolicyArn"), form.Text("VersionId")))),
        ("TagPolicy", (form, _) => Done(() => policies.Tag(form.Text("PolicyArn"), form.Tags()))),
        ("UntagPolicy", (form, _) => Done(() => policies.Untag(form.Text("PolicyArn"), form.List("TagKeys").ToHashSet(StringComparer.Ordinal)))),
        ("ListPolicyTags", (form, _) => ListTags(policies.Get(form.Text("PolicyArn")))),
    ];

    private static Action<XmlWriter>? Done(Action work)
    {
        work();
        return null;
    }

    private Action<XmlWriter> Whole(ManagedPolicy policy) => writer =>
    {
        writer.WriteStartElement("Policy");
        Write(writer, policy);
        if (policy.Tags.Count > 0)
            writer.Tags(policy.Tags);
        writer.WriteEndElement();
    };

    private void Write(XmlWriter writer, ManagedPolicy policy)
    {
        writer.Text("PolicyName", policy.Name);
        writer.Text("PolicyId", policy.Id);
        writer.Text("Arn", policy.Arn);
        writer.Text("Path", policy.Path);
        writer.Text("DefaultVersionId", policy.Current.Id);
        writer.WriteElementString("AttachmentCount", XmlConvert.ToString(roles.Current.Values.Count(r => r.Attached.Contains(policy.Arn))));
        writer.WriteElementString("PermissionsBoundaryUsageCount", "0");
        writer.WriteElementString("IsAttachable", "true");
        if (policy.Description.Length > 0)
            writer.Text("Description", policy.Description);
        writer.Time("CreateDate", policy.Created);
        writer.Time("UpdateDate", policy.Current.Created);
    }

    private Action<XmlWriter> GetVersion(QueryForm form)
    {
        ManagedPolicy policy = policies.Get(form.Text("PolicyArn"));
        PolicyVersion version = PolicyStore.VersionOf(policy, form.Text("VersionId"));
        return writer =>
        {
            writer.WriteStartElement("PolicyVersion");
            writer.Document("Document", version.Document);
            Version(writer, policy, version);
            writer.WriteEndElement();
        };
    }

    private Action<XmlWriter> CreateVersion(QueryForm form)
    {
        PolicyVersion version = policies.AddVersion(form.Text("PolicyArn"), form.Text("PolicyDocument"), form.Text("SetAsDefault") == "true");
        ManagedPolicy policy = policies.Get(form.Text("PolicyArn"));
        return writer =>
        {
            writer.WriteStartElement("PolicyVersion");
            Version(writer, policy, version);
            writer.WriteEndElement();
        };
    }

    private static Action<XmlWriter> ListVersions(ManagedPolicy policy) => writer =>
    {
        writer.List("Versions", policy.Versions.Reverse(), version => Version(writer, policy, version));
        writer.Whole();
    };

    private static void Version(XmlWriter writer, ManagedPolicy policy, PolicyVersion version)
    {
        writer.Text("VersionId", version.Id);
        writer.WriteElementString("IsDefaultVersion", version.Number == policy.Default ? "true" : "false");
        writer.Time("CreateDate", version.Created);
    }

    private static Action<XmlWriter> ListTags(ManagedPolicy policy) => writer =>
    {
        writer.Tags(policy.Tags);
        writer.Whole();
    };
}
