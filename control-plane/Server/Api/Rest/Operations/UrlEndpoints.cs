using System.Net;
using System.Text.Json;
using Hearth.Contracts;
using Hearth.ControlPlane.Api.Rest.Model;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Api.Rest.Operations;

public sealed class UrlEndpoints(UrlService urls, FunctionAddress address) : IRestOperations
{
    public IEnumerable<(string Operation, Func<RestCall, RestAnswer> Handler)> Handlers =>
    [
        ("CreateFunctionUrlConfig", Create), ("GetFunctionUrlConfig", Get), ("UpdateFunctionUrlConfig", Update), ("DeleteFunctionUrlConfig", Delete),
        ("ListFunctionUrlConfigs", List),
    ];

    private RestAnswer Create(RestCall call)
    {
        FunctionUrl made = urls.Create(Name(call), call.Body.Text("AuthType")!, ModelJson.Member(call, "Cors"), call.Body.Text("InvokeMode"));
        return RestAnswer.Created(writer => Write(writer, made, call.Http.Request));
    }

    private RestAnswer Get(RestCall call)
    {
        FunctionUrl found = urls.Get(Name(call));
        return RestAnswer.Ok(writer => Write(writer, found, call.Http.Request));
    }

    private RestAnswer Update(RestCall call)
    {
        FunctionUrl updated = urls.Update(Name(call), call.Body.Text("AuthType"), ModelJson.Member(call, "Cors"), call.Body.Text("InvokeMode"));
        return RestAnswer.Ok(writer => Write(writer, updated, call.Http.Request));
    }

    private RestAnswer Delete(RestCall call)
    {
        urls.Delete(Name(call));
        return RestAnswer.Nothing;
    }

    private RestAnswer List(RestCall call)
    {
        Page<FunctionUrl> page = urls.List(address.ParseUnqualified(call.Path("FunctionName")), call.Number("MaxItems"), call.Query("Marker"));
        return RestAnswer.Ok(writer => writer.Page("FunctionUrlConfigs", page, u => Write(writer, u, call.Http.Request)));
    }

    private FunctionName Name(RestCall call) => address.Parse(call.Path("FunctionName"), call.Query("Qualifier"));

    private void Write(Utf8JsonWriter writer, FunctionUrl url, HttpRequest request)
    {
        writer.WriteStartObject();
        writer.WriteString("FunctionUrl", $"{request.Scheme}://{url.UrlId}.lambda-url.{Host(request)}/");
        writer.WriteString("FunctionArn", address.Arn(url.Function, url.Qualifier.Length == 0 ? null : url.Qualifier));
        writer.WriteString("AuthType", url.AuthType);
        writer.Raw("Cors", url.Cors);
        writer.WriteString("CreationTime", JsonWriting.LambdaTime(url.Created));
        writer.WriteString("LastModifiedTime", JsonWriting.LambdaTime(url.LastModified));
        writer.WriteString("InvokeMode", url.InvokeMode);
        writer.WriteEndObject();
    }

    // Below the name that the client used; an address has no names below it, and localhost has.
    private static string Host(HttpRequest request)
    {
        string host = request.Host.Host;
        string name = host.Length == 0 || IPAddress.TryParse(host.Trim('[', ']'), out _) ? "localhost" : host;
        return request.Host.Port is { } port ? $"{name}:{port}" : name;
    }
}
