using Hearth.ControlPlane.Api.Rest.Model;
using Microsoft.Extensions.Primitives;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>A request whose operation is known.</summary>
/// <param name="path">Variable segments by the model's names, percent-decoded.</param>
/// <param name="body">Empty for an operation without one; gone when the handler has returned.</param>
public sealed class RestCall(HttpContext http, Operation operation, IReadOnlyDictionary<string, string> path, JsonMembers body)
{
    public HttpContext Http => http;

    public Operation Operation => operation;

    public JsonMembers Body => body;

    /// <exception cref="KeyNotFoundException">The operation's path has no such segment.</exception>
    public string Path(string name) => path[name];

    /// <summary>The function that it is about, as the member that the model has for it names it; null for none.</summary>
    public string? Subject => path.GetValueOrDefault("FunctionName") ?? path.GetValueOrDefault("ARN") ?? operation.Input?.Members.Find(m => m.Name == "FunctionName")?.Place switch
    {
        "querystring" => Query("FunctionName"),
        "body" => body.MaybeText("FunctionName"),
        _ => null,
    };

    /// <summary>The first value; null when absent, "" when empty.</summary>
    public string? Query(string name) => http.Request.Query.TryGetValue(name, out StringValues values) ? values[0] ?? "" : null;

    public IReadOnlyList<string> QueryAll(string name) => [.. http.Request.Query[name].Select(v => v ?? "")];

    /// <summary>Of a member outside of the body.</summary>
    public string? Parameter(ModelMember member) => member.Place switch
    {
        "uri" => path.GetValueOrDefault(member.Wire),
        "querystring" => Query(member.Wire),
        "header" => http.Request.Headers[member.Wire] is [{ } value, ..] ? value : null,
        _ => null,
    };

    /// <summary>A number in the query that the model's check has let through.</summary>
    public int? Number(string name) => Query(name) is { } text ? (int)Math.Clamp(long.Parse(text, System.Globalization.CultureInfo.InvariantCulture), int.MinValue, int.MaxValue) : null;
}
