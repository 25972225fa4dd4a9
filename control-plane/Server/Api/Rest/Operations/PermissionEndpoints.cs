using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Api.Rest.Operations;

/// <summary>Resource policies and tags of functions.</summary>
public sealed class PermissionEndpoints(PermissionService permissions, TagService tags, FunctionAddress address) : IRestOperations
{
    public IEnumerable<(string Operation, Func<RestCall, RestAnswer> Handler)> Handlers =>
    [
        ("AddPermission", Add), ("RemovePermission", Remove), ("GetPolicy", Get),
        ("ListTags", ListTags), ("TagResource", Tag), ("UntagResource", Untag),
    ];

    private RestAnswer Add(RestCall call)
    {
        JsonMembers body = call.Body;
        var input = new PermissionInput(
            body.Text("StatementId")!, body.Text("Action")!, body.Text("Principal")!, body.Text("SourceArn"), body.Text("SourceAccount"), body.Text("EventSourceToken"),
            body.Text("PrincipalOrgID"), body.Text("FunctionUrlAuthType"), body.MaybeFlag("InvokedViaFunctionUrl"));
        PolicyStatement added = permissions.Add(address.Parse(call.Path("FunctionName"), call.Query("Qualifier")), input, body.Text("RevisionId"));
        return RestAnswer.Created(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("Statement", added.Json);
            writer.WriteEndObject();
        });
    }

    private RestAnswer Remove(RestCall call)
    {
        permissions.Remove(address.Parse(call.Path("FunctionName"), call.Query("Qualifier")), call.Path("StatementId"), call.Query("RevisionId"));
        return RestAnswer.Nothing;
    }

    private RestAnswer Get(RestCall call)
    {
        PolicyDefinition policy = permissions.Get(address.Parse(call.Path("FunctionName"), call.Query("Qualifier")));
        return RestAnswer.Ok(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("Policy", PolicyRules.Document(policy));
            writer.WriteString("RevisionId", policy.RevisionId);
            writer.WriteEndObject();
        });
    }

    private RestAnswer ListTags(RestCall call)
    {
        IReadOnlyDictionary<string, string> found = tags.Get(call.Path("ARN"));
        return RestAnswer.Ok(writer =>
        {
            writer.WriteStartObject();
            writer.Map("Tags", found);
            writer.WriteEndObject();
        });
    }

    private RestAnswer Tag(RestCall call)
    {
        tags.Add(call.Path("ARN"), call.Body.Map("Tags")!);
        return RestAnswer.Nothing;
    }

    private RestAnswer Untag(RestCall call)
    {
        tags.Remove(call.Path("ARN"), call.QueryAll("tagKeys"));
        return RestAnswer.Nothing;
    }
}
