using System.Text.Json;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Functions;

/// <summary>A function as JSON, with Lambda's names where Lambda has one. Environment values are left out: they are often secrets.</summary>
internal static class FunctionJson
{
    public static void Write(Utf8JsonWriter writer, Function function)
    {
        var settings = function.Settings;
        writer.WriteStartObject();
        writer.WriteString("FunctionName", settings.FunctionName);
        writer.WriteString("FunctionArn", function.FunctionArn);
        writer.WriteString("Runtime", settings.Runtime);
        writer.WriteString("ResolvedRuntime", function.ResolvedRuntime);
        writer.WriteString("Handler", settings.Handler);
        writer.WriteString("Description", settings.Description);
        writer.WriteNumber("MemorySize", settings.MemoryMb);
        writer.WriteNumber("Timeout", settings.TimeoutSeconds);
        writer.WriteNumber("EphemeralStorage", settings.EphemeralStorageMb);
        writer.WriteNumber("CodeSize", function.CodeSize);
        writer.WriteString("CodeSha256", function.CodeSha256);
        writer.WriteString("Version", function.Version);
        writer.WriteString("LastModified", function.LastModified);
        writer.WriteString("RevisionId", function.RevisionId);
        writer.WriteString("State", function.State);
        writer.WriteString("StateReason", function.StateReason);
        writer.WriteString("LastUpdateStatus", function.LastUpdateStatus);
        writer.WriteStartArray("EnvironmentNames");
        foreach (var name in settings.Environment.Keys.Order(StringComparer.Ordinal)) writer.WriteStringValue(name);
        writer.WriteEndArray();
        writer.WriteEndObject();
    }
}
