using Hearth.Contracts;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Api.Rest.Operations;

/// <summary>Functions and their versions.</summary>
public sealed class FunctionEndpoints(FunctionService functions, FunctionAddress address, FunctionJson json, CodeSource source, CodeDownload code) : IRestOperations
{
    public IEnumerable<(string Operation, Func<RestCall, RestAnswer> Handler)> Handlers =>
    [
        ("CreateFunction", Create), ("ListFunctions", List), ("GetFunction", Get), ("GetFunctionConfiguration", GetConfiguration),
        ("UpdateFunctionConfiguration", UpdateConfiguration), ("UpdateFunctionCode", UpdateCode), ("DeleteFunction", Delete),
        ("PublishVersion", Publish), ("ListVersionsByFunction", ListVersions),
    ];

    private RestAnswer Create(RestCall call)
    {
        JsonMembers body = call.Body;
        FunctionDefinition draft = functions.Draft(FunctionRequests.Settings(body), mayExist: false);
        UnsupportedMembers.RefuseIn(body, draft.Name, draft.Runtime);
        using BlobUpload zip = source.Upload(body.Structure("Code")!.Value, call.Http.RequestAborted);
        FunctionDefinition created = functions.Create(draft, zip, body.Flag("Publish"), body.Text("CodeSigningConfigArn"), call.Http.RequestAborted);
        return json.Configuration(StatusCodes.Status201Created, created, Published(created));
    }

    private RestAnswer List(RestCall call)
    {
        bool all = call.Query("FunctionVersion") is not null;
        return json.List("Functions", functions.List(call.Number("MaxItems"), call.Query("Marker"), all), all);
    }

    private RestAnswer Get(RestCall call)
    {
        FunctionName name = Name(call);
        (FunctionEntry entry, FunctionDefinition function) = functions.Find(name);
        return json.Function(entry, function, name.Qualifier, code.Location(call.Http, function.CodeSha256));
    }

    private RestAnswer GetConfiguration(RestCall call)
    {
        FunctionName name = Name(call);
        return json.Configuration(StatusCodes.Status200OK, functions.Get(name), name.Qualifier);
    }

    private RestAnswer UpdateConfiguration(RestCall call)
    {
        FunctionName name = Unqualified(call);
        SettingsInput input = FunctionRequests.Settings(call.Body);
        UnsupportedMembers.RefuseIn(call.Body, name.Name, input.Runtime ?? functions.Get(name).Runtime);
        return json.Configuration(StatusCodes.Status200OK, functions.UpdateConfiguration(name, input, call.Body.Text("RevisionId")), null);
    }

    private RestAnswer UpdateCode(RestCall call)
    {
        JsonMembers body = call.Body;
        FunctionName name = Unqualified(call);
        functions.Get(name);
        using BlobUpload zip = source.Upload(body, call.Http.RequestAborted);
        FunctionDefinition updated = functions.UpdateCode(
            name, zip, body.Text("RevisionId"), body.Flag("DryRun"), body.Flag("Publish"), body.Texts("Architectures") is [var architecture, ..] ? architecture : null, call.Http.RequestAborted);
        return json.Configuration(StatusCodes.Status200OK, updated, Published(updated));
    }

    private RestAnswer Delete(RestCall call)
    {
        functions.Delete(Name(call));
        return RestAnswer.Nothing;
    }

    private RestAnswer Publish(RestCall call)
    {
        FunctionName name = Unqualified(call);
        FunctionDefinition version = functions.Publish(name, call.Body.Text("CodeSha256"), call.Body.Text("Description"), call.Body.Text("RevisionId"));
        return json.Configuration(StatusCodes.Status201Created, version, version.Version);
    }

    private RestAnswer ListVersions(RestCall call) =>
        json.List("Versions", functions.ListVersions(address.Parse(call.Path("FunctionName"), null), call.Number("MaxItems"), call.Query("Marker")), qualified: true);

    private FunctionName Name(RestCall call) => address.Parse(call.Path("FunctionName"), call.Query("Qualifier"));

    private FunctionName Unqualified(RestCall call)
    {
        FunctionName name = address.Parse(call.Path("FunctionName"), null);
        return name.Qualifier is null or FunctionName.Latest
            ? name
            : throw new LambdaException(LambdaError.InvalidParameterValue("Only $LATEST can be changed: versions are immutable. Name the function without a qualifier."));
    }

    private static string? Published(FunctionDefinition function) => function.Version == FunctionName.Latest ? null : function.Version;
}
