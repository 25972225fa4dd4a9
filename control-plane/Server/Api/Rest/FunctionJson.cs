using System.Text.Encodings.Web;
using System.Text.Json;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Runtimes;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>Answers in Lambda's JSON (shapes FunctionConfiguration, GetFunctionResponse, ListFunctionsResponse).</summary>
public sealed class FunctionJson(FunctionAddress address, RuntimeCatalogue runtimes)
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public Task SendConfigurationAsync(HttpContext http, int status, FunctionDefinition function, string? qualifier) =>
        SendAsync(http, status, writer => Configuration(writer, function, qualifier));

    public Task SendFunctionAsync(HttpContext http, FunctionDefinition function, string? qualifier, string codeLocation) =>
        SendAsync(http, StatusCodes.Status200OK, writer =>
        {
            writer.WriteStartObject();
            writer.WritePropertyName("Configuration");
            Configuration(writer, function, qualifier);
            writer.WriteStartObject("Code");
            writer.WriteString("RepositoryType", "S3");
            writer.WriteString("Location", codeLocation);
            writer.WriteEndObject();
            if (function.Tags.Count > 0)
                Map(writer, "Tags", function.Tags);
            writer.WriteEndObject();
        });

    public Task SendListAsync(HttpContext http, FunctionPage page, string? qualifier) => SendAsync(http, StatusCodes.Status200OK, writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("NextMarker", page.NextMarker);
        writer.WriteStartArray("Functions");
        foreach (FunctionDefinition function in page.Functions)
            Configuration(writer, function, qualifier);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private void Configuration(Utf8JsonWriter writer, FunctionDefinition f, string? qualifier)
    {
        writer.WriteStartObject();
        writer.WriteString("FunctionName", f.Name);
        // Qualified exactly when the client named it so.
        writer.WriteString("FunctionArn", address.Arn(f.Name, qualifier));
        writer.WriteString("Runtime", f.Runtime);
        writer.WriteString("Role", f.Role);
        writer.WriteString("Handler", f.Handler);
        writer.WriteNumber("CodeSize", f.CodeSize);
        writer.WriteString("Description", f.Description);
        writer.WriteNumber("Timeout", f.TimeoutSeconds);
        writer.WriteNumber("MemorySize", f.MemoryMb);
        writer.WriteString("LastModified", f.LastModifiedText);
        writer.WriteString("CodeSha256", f.CodeSha256Base64);
        writer.WriteString("Version", Contracts.FunctionName.Latest);
        if (f.Environment is { Count: > 0 } environment)
        {
            writer.WriteStartObject("Environment");
            Map(writer, "Variables", environment);
            writer.WriteEndObject();
        }

        Single(writer, "TracingConfig", "Mode", "PassThrough");
        writer.WriteString("RevisionId", f.RevisionId);
        Status(writer, f.Status);
        writer.WriteString("PackageType", "Zip");
        writer.WriteStartArray("Architectures");
        writer.WriteStringValue(f.Architecture);
        writer.WriteEndArray();
        writer.WriteStartObject("EphemeralStorage");
        writer.WriteNumber("Size", f.EphemeralStorageMb);
        writer.WriteEndObject();
        writer.WriteStartObject("SnapStart");
        writer.WriteString("ApplyOn", "None");
        writer.WriteString("OptimizationStatus", "Off");
        writer.WriteEndObject();
        if (runtimes.Arn(f.Language) is { } arn)
            Single(writer, "RuntimeVersionConfig", "RuntimeVersionArn", arn);
        writer.WriteStartObject("LoggingConfig");
        writer.WriteString("LogFormat", "Text");
        writer.WriteString("LogGroup", $"/aws/lambda/{f.Name}");
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Status(Utf8JsonWriter writer, FunctionStatus status)
    {
        writer.WriteString("State", status.State);
        Optional(writer, "StateReason", status.Reason);
        Optional(writer, "StateReasonCode", status.ReasonCode);
        Optional(writer, "LastUpdateStatus", status.LastUpdate);
        Optional(writer, "LastUpdateStatusReason", status.LastUpdateReason);
        Optional(writer, "LastUpdateStatusReasonCode", status.LastUpdateReasonCode);
    }

    private static void Optional(Utf8JsonWriter writer, string name, string? value)
    {
        if (value is not null)
            writer.WriteString(name, value);
    }

    private static void Single(Utf8JsonWriter writer, string name, string member, string value)
    {
        writer.WriteStartObject(name);
        writer.WriteString(member, value);
        writer.WriteEndObject();
    }

    private static void Map(Utf8JsonWriter writer, string name, IReadOnlyDictionary<string, string> map)
    {
        writer.WriteStartObject(name);
        foreach ((string key, string value) in map.OrderBy(p => p.Key, StringComparer.Ordinal))
            writer.WriteString(key, value);
        writer.WriteEndObject();
    }

    private static async Task SendAsync(HttpContext http, int status, Action<Utf8JsonWriter> write)
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = "application/json";
        await using (var writer = new Utf8JsonWriter(http.Response.BodyWriter, Options))
            write(writer);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }
}
