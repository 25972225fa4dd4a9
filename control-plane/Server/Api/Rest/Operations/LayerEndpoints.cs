using System.Globalization;
using System.Text.Json;
using Hearth.Contracts;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Layers;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Api.Rest.Operations;

public sealed class LayerEndpoints(LayerService layers, FunctionAddress address, CodeSource source, CodeDownload code) : IRestOperations
{
    public IEnumerable<(string Operation, Func<RestCall, RestAnswer> Handler)> Handlers =>
    [
        ("PublishLayerVersion", Publish), ("GetLayerVersion", Get), ("GetLayerVersionByArn", GetByArn), ("ListLayers", List), ("ListLayerVersions", ListVersions),
        ("DeleteLayerVersion", Delete), ("AddLayerVersionPermission", AddPermission), ("GetLayerVersionPolicy", GetPolicy), ("RemoveLayerVersionPermission", RemovePermission),
    ];

    private RestAnswer Publish(RestCall call)
    {
        JsonMembers body = call.Body;
        using BlobUpload zip = source.Upload(body.Structure("Content")!.Value, call.Http.RequestAborted);
        LayerVersion made = layers.Publish(
            call.Path("LayerName"), body.Text("Description"), body.Text("LicenseInfo"), body.Texts("CompatibleRuntimes") ?? [], body.Texts("CompatibleArchitectures") ?? [],
            zip, call.Http.RequestAborted);
        return RestAnswer.Created(writer => WriteWhole(writer, made, call));
    }

    private RestAnswer Get(RestCall call)
    {
        LayerVersion found = layers.Get(call.Path("LayerName"), Version(call));
        return RestAnswer.Ok(writer => WriteWhole(writer, found, call));
    }

    private RestAnswer GetByArn(RestCall call)
    {
        LayerVersion found = layers.GetByArn(call.Query("Arn")!);
        return RestAnswer.Ok(writer => WriteWhole(writer, found, call));
    }

    private RestAnswer List(RestCall call)
    {
        Page<LayerVersion> page = layers.List(call.Query("CompatibleRuntime"), call.Query("CompatibleArchitecture"), call.Number("MaxItems"), call.Query("Marker"));
        return RestAnswer.Ok(writer => writer.Page("Layers", page, layer =>
        {
            writer.WriteStartObject();
            writer.WriteString("LayerName", layer.Layer);
            writer.WriteString("LayerArn", address.LayerArn(layer.Layer));
            writer.WriteStartObject("LatestMatchingVersion");
            WriteMembers(writer, layer);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }));
    }

    private RestAnswer ListVersions(RestCall call)
    {
        Page<LayerVersion> page = layers.ListVersions(
            call.Path("LayerName"), call.Query("CompatibleRuntime"), call.Query("CompatibleArchitecture"), call.Number("MaxItems"), call.Query("Marker"));
        return RestAnswer.Ok(writer => writer.Page("LayerVersions", page, layer =>
        {
            writer.WriteStartObject();
            WriteMembers(writer, layer);
            writer.WriteEndObject();
        }));
    }

    private RestAnswer Delete(RestCall call)
    {
        layers.Delete(call.Path("LayerName"), Version(call));
        return RestAnswer.Nothing;
    }

    private RestAnswer AddPermission(RestCall call)
    {
        JsonMembers body = call.Body;
        var input = new PermissionInput(body.Text("StatementId")!, body.Text("Action")!, body.Text("Principal")!);
        PolicyDefinition policy = layers.AddPermission(call.Path("LayerName"), Version(call), input, body.Text("OrganizationId"), call.Query("RevisionId"), out PolicyStatement added);
        return RestAnswer.Created(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("Statement", added.Json);
            writer.WriteString("RevisionId", policy.RevisionId);
            writer.WriteEndObject();
        });
    }

    private RestAnswer GetPolicy(RestCall call)
    {
        PolicyDefinition policy = layers.GetPolicy(call.Path("LayerName"), Version(call));
        return RestAnswer.Ok(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("Policy", PolicyRules.Document(policy));
            writer.WriteString("RevisionId", policy.RevisionId);
            writer.WriteEndObject();
        });
    }

    private RestAnswer RemovePermission(RestCall call)
    {
        layers.RemovePermission(call.Path("LayerName"), Version(call), call.Path("StatementId"), call.Query("RevisionId"));
        return RestAnswer.Nothing;
    }

    private static long Version(RestCall call) => long.Parse(call.Path("VersionNumber"), CultureInfo.InvariantCulture);

    private void WriteWhole(Utf8JsonWriter writer, LayerVersion layer, RestCall call)
    {
        writer.WriteStartObject();
        writer.WriteStartObject("Content");
        writer.WriteString("Location", code.Location(call.Http, layer.CodeSha256));
        writer.WriteString("CodeSha256", Convert.ToBase64String(Convert.FromHexString(layer.CodeSha256)));
        writer.WriteNumber("CodeSize", layer.CodeSize);
        writer.WriteEndObject();
        writer.WriteString("LayerArn", address.LayerArn(layer.Layer));
        WriteMembers(writer, layer);
        writer.WriteEndObject();
    }

    private void WriteMembers(Utf8JsonWriter writer, LayerVersion layer)
    {
        writer.WriteString("LayerVersionArn", address.LayerArn(layer.Layer, layer.Version));
        writer.WriteNumber("Version", layer.Version);
        writer.WriteString("Description", layer.Description);
        writer.WriteString("CreatedDate", JsonWriting.LambdaTime(layer.Created));
        if (layer.Runtimes.Count > 0)
            writer.Texts("CompatibleRuntimes", layer.Runtimes);
        if (layer.Architectures.Count > 0)
            writer.Texts("CompatibleArchitectures", layer.Architectures);
        writer.Optional("LicenseInfo", layer.License);
    }
}
