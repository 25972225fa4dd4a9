using Hearth.Contracts;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Queue;

/// <summary>The policies that the functions' definitions make, as they are now.</summary>
public sealed class FunctionEventPolicies(FunctionStore functions) : IEventPolicies
{
    public EventPolicy Of(string function, string? qualifier)
    {
        if (functions.Current.GetValueOrDefault(function) is not { } entry)
            return EventPolicy.Default;
        EventInvokeConfig? config = entry.EventInvoke.GetValueOrDefault(string.IsNullOrEmpty(qualifier) ? FunctionName.Latest : qualifier);
        return new EventPolicy(
            config?.MaximumRetryAttempts ?? EventPolicy.Default.MaxRetries,
            config?.MaximumEventAge is { } seconds ? TimeSpan.FromSeconds(seconds) : EventPolicy.Default.MaxAge,
            config?.OnSuccess, config?.OnFailure)
        {
            DeadLetterTarget = FunctionService.VersionOf(entry, qualifier)?.DeadLetterTargetArn,
            IsClosed = entry.ReservedConcurrency == 0,
            Timeout = TimeoutOf(entry, qualifier),
        };
    }

    /// <summary>The longer one of an alias's two versions.</summary>
    private static TimeSpan TimeoutOf(FunctionEntry entry, string? qualifier)
    {
        int seconds = FunctionService.VersionOf(entry, qualifier)?.TimeoutSeconds ?? 0;
        if (qualifier is not null && entry.Aliases.GetValueOrDefault(qualifier)?.AdditionalVersion is { } additional)
            seconds = Math.Max(seconds, FunctionService.VersionOf(entry, additional)?.TimeoutSeconds ?? 0);
        return seconds > 0 ? TimeSpan.FromSeconds(seconds) : EventPolicy.Default.Timeout;
    }
}
