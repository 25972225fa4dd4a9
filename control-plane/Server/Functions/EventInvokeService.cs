using System.Text.RegularExpressions;
using Hearth.Contracts;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Functions;

/// <summary>What EventInvokeConfig calls give; null = not given, "" = no destination.</summary>
public sealed record EventInvokeInput(int? MaximumRetryAttempts, int? MaximumEventAge, string? OnSuccess, string? OnFailure)
{
    public bool SaysNothing => MaximumRetryAttempts is null && MaximumEventAge is null && OnSuccess is null && OnFailure is null;
}

/// <summary>How asynchronous invocations are retried and where their results go: the definitions, by function, version or alias.</summary>
public sealed partial class EventInvokeService(FunctionStore store, FunctionService functions, FunctionAddress address, TimeProvider time)
{
    /// <summary>Replaces all of it.</summary>
    public EventInvokeConfig Put(FunctionName name, EventInvokeInput input)
    {
        RefuseNothing(input);
        return Change(name, (entry, qualifier) => new EventInvokeConfig(
            entry.Name, qualifier, input.MaximumRetryAttempts, input.MaximumEventAge, Given(input.OnSuccess), Given(input.OnFailure), time.GetUtcNow()), input);
    }

    /// <summary>What is not given stays.</summary>
    public EventInvokeConfig Update(FunctionName name, EventInvokeInput input)
    {
        RefuseNothing(input);
        return Change(name, (entry, qualifier) =>
        {
            EventInvokeConfig before = entry.EventInvoke.GetValueOrDefault(qualifier) ?? throw Missing(entry, qualifier);
            return before with
            {
                MaximumRetryAttempts = input.MaximumRetryAttempts ?? before.MaximumRetryAttempts,
                MaximumEventAge = input.MaximumEventAge ?? before.MaximumEventAge,
                OnSuccess = input.OnSuccess is null ? before.OnSuccess : Given(input.OnSuccess),
                OnFailure = input.OnFailure is null ? before.OnFailure : Given(input.OnFailure),
                LastModified = time.GetUtcNow(),
            };
        }, input);
    }

    public EventInvokeConfig Get(FunctionName name)
    {
        string qualifier = name.Qualifier ?? FunctionName.Latest;
        FunctionEntry? entry = store.Current.GetValueOrDefault(name.Name);
        return entry?.EventInvoke.GetValueOrDefault(qualifier) ?? throw Missing(name.Name, qualifier);
    }

    public Page<EventInvokeConfig> List(FunctionName name, int? maxItems, string? marker) =>
        Paging.Of(functions.Entry(name).EventInvoke.Values, c => c.Qualifier, maxItems, marker);

    public void Delete(FunctionName name) => store.Change(name.Name, before =>
    {
        string qualifier = name.Qualifier ?? FunctionName.Latest;
        return before?.EventInvoke.ContainsKey(qualifier) == true
            ? before with { EventInvoke = before.EventInvoke.Remove(qualifier) }
            : throw Missing(name.Name, qualifier);
    });

    private EventInvokeConfig Change(FunctionName name, Func<FunctionEntry, string, EventInvokeConfig> change, EventInvokeInput input)
    {
        EventInvokeConfig? after = null;
        store.Change(name.Name, before =>
        {
            if (before is null || FunctionService.VersionOf(before, name.Qualifier) is null)
                throw new LambdaException(LambdaError.ResourceNotFound("The function doesn't exist."));
            string qualifier = name.Qualifier ?? FunctionName.Latest;
            CheckDestinations(before, qualifier, input);
            after = change(before, qualifier);
            return before with { EventInvoke = before.EventInvoke.SetItem(qualifier, after) };
        });
        return after!;
    }

    private void CheckDestinations(FunctionEntry entry, string qualifier, EventInvokeInput input)
    {
        foreach (string? destination in new[] { input.OnSuccess, input.OnFailure })
        {
            if (string.IsNullOrEmpty(destination))
                continue;
            if (!Destination().IsMatch(destination))
            {
                throw new LambdaException(LambdaError.InvalidParameterValue(
                    $"The provided destination config DestinationConfig(onSuccess={Told("OnSuccess", input.OnSuccess)}, onFailure={Told("OnFailure", input.OnFailure)}) is invalid."));
            }

            if (destination == address.Arn(entry.Name) || destination == address.Arn(entry.Name, qualifier))
                throw new LambdaException(LambdaError.InvalidParameterValue("You can't specify the function as a destination for itself."));
        }
    }

    private static string Told(string kind, string? destination) => string.IsNullOrEmpty(destination) ? "null" : $"{kind}(destination={destination})";

    private static string? Given(string? destination) => string.IsNullOrEmpty(destination) ? null : destination;

    private static void RefuseNothing(EventInvokeInput input)
    {
        if (input.SaysNothing)
            throw new LambdaException(LambdaError.InvalidParameterValue("You must specify at least one of error handling or destination setting."));
    }

    private LambdaException Missing(FunctionEntry entry, string qualifier) => Missing(entry.Name, qualifier);

    private LambdaException Missing(string name, string qualifier) =>
        new(LambdaError.ResourceNotFound($"The function {address.Arn(name, qualifier)} doesn't have an EventInvokeConfig"));

    // The services that Lambda delivers to, each with a resource.
    [GeneratedRegex(@"\Aarn:aws[a-zA-Z-]*:((lambda|sqs|sns):[a-z0-9-]+:[0-9]{12}:[^\s]+|events:[a-z0-9-]+:[0-9]{12}:event-bus/[^\s]+|s3:::[^\s]+)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Destination();
}
