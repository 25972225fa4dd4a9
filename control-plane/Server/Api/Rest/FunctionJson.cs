using System.Text.Json;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Runtimes;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>Functions in Lambda's JSON (shapes FunctionConfiguration and GetFunctionResponse).</summary>
public sealed class FunctionJson(FunctionAddress address, RuntimeCatalogue runtimes)
{
    /// <param name="qualifier">As the client named it, or null.</param>
    public RestAnswer Configuration(int status, FunctionDefinition function, string? qualifier) =>
        new(status, writer => Configuration(writer, function, qualifier));

    public RestAnswer Function(FunctionEntry entry, FunctionDefinition function, string? qualifier, string codeLocation) => RestAnswer.Ok(writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("Configuration");
        Configuration(writer, function, qualifier);
        writer.WriteStartObject("Code");
        writer.WriteString("RepositoryType", "S3");
        writer.WriteString("Location", codeLocation);
        writer.WriteEndObject();
        if (entry.Latest.Tags.Count > 0)
            writer.Map("Tags", entry.Latest.Tags);
        if (entry.ReservedConcurrency is { } reserved)
        {
            writer.WriteStartObject("Concurrency");
            writer.WriteNumber("ReservedConcurrentExecutions", reserved);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    });

    /// <param name="name">Of the list: Functions or Versions.</param>
    /// <param name="qualified">Each with its version in its ARN.</param>
    public RestAnswer List(string name, Page<FunctionDefinition> page, bool qualified) =>
        RestAnswer.Ok(writer => writer.Page(name, page, f => Configuration(writer, f, qualified ? f.Version : null)));

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
        writer.WriteString("Version", f.Version);
        if (f.DeadLetterTargetArn is { } target)
            writer.Single("DeadLetterConfig", "TargetArn", target);
        if (f.Environment is { Count: > 0 } environment)
        {
            writer.WriteStartObject("Environment");
            writer.Map("Variables", environment);
            writer.WriteEndObject();
        }

        writer.Single("TracingConfig", "Mode", f.TracingMode);
        writer.WriteString("RevisionId", f.RevisionId);
        Layers(writer, f);
        Status(writer, f.Status);
        writer.WriteString("PackageType", "Zip");
        writer.Texts("Architectures", [f.Architecture]);
        writer.WriteStartObject("EphemeralStorage");
        writer.WriteNumber("Size", f.EphemeralStorageMb);
        writer.WriteEndObject();
        writer.WriteStartObject("SnapStart");
        writer.WriteString("ApplyOn", "None");
        writer.WriteString("OptimizationStatus", "Off");
        writer.WriteEndObject();
        if (runtimes.Arn(f.Runtime, f.Language) is { } arn)
            writer.Single("RuntimeVersionConfig", "RuntimeVersionArn", arn);
        writer.WriteStartObject("LoggingConfig");
        writer.WriteString("LogFormat", "Text");
        writer.WriteString("LogGroup", $"/aws/lambda/{f.Name}");
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void Layers(Utf8JsonWriter writer, FunctionDefinition f)
    {
        if (f.Layers.Count == 0)
            return;
        writer.WriteStartArray("Layers");
        foreach (LayerUse layer in f.Layers)
        {
            writer.WriteStartObject();
            writer.WriteString("Arn", layer.Arn);
            writer.WriteNumber("CodeSize", layer.CodeSize);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void Status(Utf8JsonWriter writer, FunctionStatus status)
    {
        writer.WriteString("State", status.State);
        writer.Optional("StateReason", status.Reason);
        writer.Optional("StateReasonCode", status.ReasonCode);
        writer.Optional("LastUpdateStatus", status.LastUpdate);
        writer.Optional("LastUpdateStatusReason", status.LastUpdateReason);
        writer.Optional("LastUpdateStatusReasonCode", status.LastUpdateReasonCode);
    }
}
