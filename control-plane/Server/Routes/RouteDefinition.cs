namespace Hearth.ControlPlane.Routes;

/// <summary>Requests that become events of a function. Host, method and path together are there once.</summary>
/// <param name="Host">Lower case, without port; "" = every host, below the prefix of routes.</param>
/// <param name="Method">Upper case, or ANY.</param>
/// <param name="Path">As API Gateway writes resources.</param>
/// <param name="Qualifier">A version or an alias; null = the function itself.</param>
public sealed record RouteDefinition(string Id, string Host, string Method, string Path, string Function, string? Qualifier, string Shape);
