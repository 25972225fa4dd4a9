namespace Hearth.ControlPlane.Api.Rest;

/// <summary>A group of operations: adapters from calls to the application layer, no rules of their own.</summary>
public interface IRestOperations
{
    /// <summary>By the service model's names. A handler may throw <see cref="Contracts.LambdaException"/> to refuse.</summary>
    IEnumerable<(string Operation, Func<RestCall, RestAnswer> Handler)> Handlers { get; }
}
