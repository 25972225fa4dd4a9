using System.Text.Json;
using Hearth.Contracts;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Api.Rest.Operations;

public sealed class AliasEndpoints(AliasService aliases, FunctionAddress address) : IRestOperations
{
    public IEnumerable<(string Operation, Func<RestCall, RestAnswer> Handler)> Handlers =>
        [("CreateAlias", Create), ("GetAlias", Get), ("ListAliases", List), ("UpdateAlias", Update), ("DeleteAlias", Delete)];

    private RestAnswer Create(RestCall call)
    {
        AliasDefinition made = aliases.Create(Name(call), call.Body.Text("Name")!, call.Body.Text("FunctionVersion")!, call.Body.Text("Description"), Weights(call.Body));
        return RestAnswer.Created(writer => Write(writer, made));
    }

    private RestAnswer Get(RestCall call)
    {
        AliasDefinition alias = aliases.Get(Name(call), call.Path("Name"));
        return RestAnswer.Ok(writer => Write(writer, alias));
    }

    private RestAnswer List(RestCall call)
    {
        Page<AliasDefinition> page = aliases.List(Name(call), call.Query("FunctionVersion"), call.Number("MaxItems"), call.Query("Marker"));
        return RestAnswer.Ok(writer => writer.Page("Aliases", page, alias => Write(writer, alias)));
    }

    private RestAnswer Update(RestCall call)
    {
        AliasDefinition alias = aliases.Update(
            Name(call), call.Path("Name"), call.Body.Text("FunctionVersion"), call.Body.Text("Description"), Weights(call.Body), call.Body.Text("RevisionId"));
        return RestAnswer.Ok(writer => Write(writer, alias));
    }

    private RestAnswer Delete(RestCall call)
    {
        aliases.Delete(Name(call), call.Path("Name"));
        return RestAnswer.Nothing;
    }

    private FunctionName Name(RestCall call) => address.ParseUnqualified(call.Path("FunctionName"));

    // An empty RoutingConfig ends the split.
    private static IReadOnlyList<(string, double)>? Weights(JsonMembers body)
    {
        if (body.Structure("RoutingConfig") is not { } routing)
            return null;
        if (routing.Structure("AdditionalVersionWeights") is not { } weights)
            return [];
        return [.. weights.Element.EnumerateObject().Take(2).Select(w => (w.Name, w.Value.GetDouble()))];
    }

    private void Write(Utf8JsonWriter writer, AliasDefinition alias)
    {
        writer.WriteStartObject();
        writer.WriteString("AliasArn", address.Arn(alias.Function, alias.Name));
        writer.WriteString("Name", alias.Name);
        writer.WriteString("FunctionVersion", alias.Version);
        writer.WriteString("Description", alias.Description);
        if (alias.AdditionalVersion is { } additional)
        {
            writer.WriteStartObject("RoutingConfig");
            writer.WriteStartObject("AdditionalVersionWeights");
            writer.WriteNumber(additional, alias.AdditionalWeight);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        writer.WriteString("RevisionId", alias.RevisionId);
        writer.WriteEndObject();
    }
}
