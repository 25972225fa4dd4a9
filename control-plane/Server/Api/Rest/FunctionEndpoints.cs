using System.Globalization;
using Hearth.Contracts;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;
using Microsoft.Extensions.Primitives;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>The function operations of Lambda's REST API: an adapter, no rules of its own.</summary>
public sealed class FunctionEndpoints(
    FunctionService functions, FunctionAddress address, FunctionJson json, BlobStore blobs, RequestBody bodies, CodeDownload code)
{
    public async Task CreateAsync(HttpContext http)
    {
        FunctionDefinition created = await bodies.UseAsync(http, "CreateFunction", body =>
        {
            FunctionRequests.RequireForCreate(body);
            FunctionDefinition draft = functions.Draft(FunctionRequests.Settings(body), mayExist: false);
            UnsupportedMembers.RefuseIn(body);
            using BlobUpload zip = Upload(FunctionRequests.Zip(body.Structure("Code")!.Value));
            return functions.Create(draft, zip, http.RequestAborted);
        });
        await json.SendConfigurationAsync(http, StatusCodes.Status201Created, created, null);
    }

    public Task ListAsync(HttpContext http)
    {
        if (Query(http, "FunctionVersion") is { } version && version != "ALL")
            throw new LambdaException(LambdaError.Validation(version, "functionVersion", "Member must satisfy enum value set: [ALL]"));
        FunctionPage page = functions.List(MaxItems(http), Query(http, "Marker"));
        return json.SendListAsync(http, page, Query(http, "FunctionVersion") is null ? null : FunctionName.Latest);
    }

    public Task GetAsync(HttpContext http, string segment)
    {
        FunctionName name = Name(http, segment);
        FunctionDefinition function = functions.Get(name);
        return json.SendFunctionAsync(http, function, name.Qualifier, code.Location(http, function));
    }

    public Task GetConfigurationAsync(HttpContext http, string segment)
    {
        FunctionName name = Name(http, segment);
        return json.SendConfigurationAsync(http, StatusCodes.Status200OK, functions.Get(name), name.Qualifier);
    }

    public async Task UpdateConfigurationAsync(HttpContext http, string segment)
    {
        FunctionName name = Unqualified(segment);
        FunctionDefinition updated = await bodies.UseAsync(http, "UpdateFunctionConfiguration", body =>
        {
            SettingsInput input = FunctionRequests.Settings(body);
            UnsupportedMembers.RefuseIn(body);
            return functions.UpdateConfiguration(name, input, body.Text("RevisionId"));
        });
        await json.SendConfigurationAsync(http, StatusCodes.Status200OK, updated, null);
    }

    public async Task UpdateCodeAsync(HttpContext http, string segment)
    {
        FunctionName name = Unqualified(segment);
        FunctionDefinition updated = await bodies.UseAsync(http, "UpdateFunctionCode", body =>
        {
            functions.Get(name);
            UnsupportedMembers.RefuseIn(body);
            using BlobUpload zip = Upload(FunctionRequests.Zip(body));
            return functions.UpdateCode(name, zip, body.Text("RevisionId"), body.Flag("DryRun"), http.RequestAborted);
        });
        await json.SendConfigurationAsync(http, StatusCodes.Status200OK, updated, null);
    }

    public Task DeleteAsync(HttpContext http, string segment)
    {
        functions.Delete(Name(http, segment));
        http.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    private FunctionName Name(HttpContext http, string segment) => address.Parse(segment, Query(http, "Qualifier"));

    private FunctionName Unqualified(string segment)
    {
        FunctionName name = address.Parse(segment, null);
        return name.Qualifier is null or FunctionName.Latest
            ? name
            : throw new LambdaException(LambdaError.InvalidParameterValue("Only $LATEST can be changed: versions are immutable. Name the function without a qualifier."));
    }

    private BlobUpload Upload(byte[] bytes)
    {
        BlobUpload upload = blobs.Begin();
        try
        {
            upload.Append(bytes);
            return upload;
        }
        catch
        {
            upload.Dispose();
            throw;
        }
    }

    private static int? MaxItems(HttpContext http)
    {
        if (Query(http, "MaxItems") is not { } text)
            return null;
        return int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number)
            ? number
            : throw new LambdaException(LambdaError.Serialization("STRING_VALUE can not be converted to an Integer"));
    }

    private static string? Query(HttpContext http, string name) =>
        http.Request.Query.TryGetValue(name, out StringValues values) ? values[0] ?? "" : null;
}
