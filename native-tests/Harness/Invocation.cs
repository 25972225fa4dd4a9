using System.Net;
using System.Text.Json.Nodes;

namespace Hearth.NativeTests.Harness;

/// <summary>The answer to an Invoke call.</summary>
/// <param name="FunctionError">"" or "Unhandled".</param>
/// <param name="Log">The last 4 KB, "" unless it was asked for.</param>
public sealed record Invocation(HttpStatusCode Status, string FunctionError, string Body, string Log)
{
    public bool Succeeded => Status == HttpStatusCode.OK && FunctionError.Length == 0;

    public JsonNode Json => JsonNode.Parse(Body)!;

    public string ErrorType => Json["errorType"]?.GetValue<string>() ?? "";

    public override string ToString() => $"{(int)Status} {FunctionError} {(Body.Length > 600 ? Body[..600] : Body)}";
}
