namespace Hearth.ControlPlane.Queue;

/// <summary>What is said of a function's version or alias: by PutFunctionEventInvokeConfig, and by the function itself.</summary>
/// <param name="MaxRetries">0-2: tries after the first one that the function failed.</param>
/// <param name="MaxAge">1 minute to 6 hours from acceptance.</param>
/// <param name="OnSuccess">An ARN, or null.</param>
/// <param name="OnFailure">An ARN, or null.</param>
public sealed record EventPolicy(int MaxRetries, TimeSpan MaxAge, string? OnSuccess, string? OnFailure)
{
    public static readonly EventPolicy Default = new(2, TimeSpan.FromHours(6), null, null);

    /// <summary>DeadLetterConfig's ARN, or null.</summary>
    public string? DeadLetterTarget { get; init; }

    /// <summary>Its reserved concurrency is zero: nothing of it runs.</summary>
    public bool IsClosed { get; init; }

    /// <summary>How long one try may run.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(15);
}

/// <summary>All policies at one moment. Asked under locks: must not block.</summary>
public interface IEventPolicies
{
    /// <param name="qualifier">Null is the unqualified function, which is $LATEST's configuration.</param>
    EventPolicy Of(string function, string? qualifier);
}
