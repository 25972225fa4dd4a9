namespace Hearth.ControlPlane.Queue;

/// <summary>What PutFunctionEventInvokeConfig says of a function's version or alias.</summary>
/// <param name="MaxRetries">0-2: tries after the first one that the function failed.</param>
/// <param name="MaxAge">1 minute to 6 hours from acceptance.</param>
/// <param name="OnSuccess">An ARN, or null.</param>
/// <param name="OnFailure">An ARN, or null.</param>
public sealed record EventPolicy(int MaxRetries, TimeSpan MaxAge, string? OnSuccess, string? OnFailure)
{
    public static readonly EventPolicy Default = new(2, TimeSpan.FromHours(6), null, null);
}

/// <summary>All configurations at one moment.</summary>
public interface IEventInvokeConfigs
{
    /// <param name="qualifier">Null is the unqualified function, which is $LATEST's configuration.</param>
    EventPolicy Of(string function, string? qualifier);
}
