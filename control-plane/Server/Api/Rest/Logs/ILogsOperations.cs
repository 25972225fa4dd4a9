namespace Hearth.ControlPlane.Api.Rest.Logs;

/// <summary>A group of CloudWatch Logs' operations.</summary>
public interface ILogsOperations
{
    /// <summary>By the service model's names. Each reads its members, which are gone afterwards, and returns what is left to do.</summary>
    IEnumerable<(string Operation, Func<JsonMembers, Func<CancellationToken, Task<RestAnswer>>> Handler)> Handlers { get; }
}
