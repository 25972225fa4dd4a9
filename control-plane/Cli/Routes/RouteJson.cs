using System.Text.Json;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Routes;

/// <summary>A route for scripts.</summary>
internal static class RouteJson
{
    public static void Write(Utf8JsonWriter writer, Route route)
    {
        writer.WriteStartObject();
        writer.WriteString("RouteId", route.RouteId);
        if (route.Host.Length > 0) writer.WriteString("Host", route.Host);
        writer.WriteString("Method", route.Method);
        writer.WriteString("Path", route.Path);
        writer.WriteString("FunctionName", route.FunctionName);
        if (route.Qualifier.Length > 0) writer.WriteString("Qualifier", route.Qualifier);
        writer.WriteString("Shape", route.Shape);
        writer.WriteEndObject();
    }
}
