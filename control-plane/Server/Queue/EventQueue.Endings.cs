using System.Text;
using System.Text.Json;
using Hearth.Contracts;

namespace Hearth.ControlPlane.Queue;

// What becomes of an event after a try.
public sealed partial class EventQueue
{
    private void SettleOrKeep(QueuedEvent e, RunOutcome outcome, IEventRunner? from)
    {
        try
        {
            Settle(e, outcome, from);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            PutBack(e, failure);
        }
    }

    /// <summary>Without a try.</summary>
    private void EndOrKeep(QueuedEvent e, string condition)
    {
        try
        {
            End(e, condition, _policies.Of(e.Function.Name, e.Qualifier), null, null);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            PutBack(e, failure);
        }
    }

    /// <param name="from">Who tried it, and hears when what came of it is on the disk; null = nobody.</param>
    private void Settle(QueuedEvent e, RunOutcome outcome, IEventRunner? from)
    {
        EventPolicy policy = _policies.Of(e.Function.Name, e.Qualifier);
        long now = Now;
        Verdict verdict = EventRules.Judge(e, outcome, policy, _settings, now);
        (e.Tries, e.Refusals) = (verdict.Tries, verdict.Refusals);
        Count(e, outcome, verdict);
        if (verdict.Condition is { } condition)
        {
            End(e, condition, policy, outcome, from);
            return;
        }

        lock (_gate)
        {
            e.DueUnixMs = verdict.DueUnixMs;
            // Later ones are read again: memory is for those whose turn is near.
            Uncache(e);
            if (e.Function.IsDropped)
                return;
            _store.Submit(new StoreOperation(
                s => s.Reschedule(e.Sequence, verdict.DueUnixMs, verdict.Tries, verdict.Refusals), _ => from?.Settled(e.Sequence), MustHappen: true));
            _backlog.Add(e, now);
        }
    }

    private void Count(QueuedEvent e, RunOutcome outcome, in Verdict verdict)
    {
        lock (_gate)
        {
            QueueCounters c = e.Function.Counters;
            e.Function.Counters = c with
            {
                Succeeded = c.Succeeded + (outcome.IsSuccess ? 1 : 0),
                Retried = c.Retried + (outcome.Ran && verdict.Condition is null ? 1 : 0),
                Refused = c.Refused + (outcome.Ran ? 0 : 1),
            };
        }
    }

    /// <summary>To where it is wanted; a failure that is not wanted, or not taken, becomes a dead letter.</summary>
    /// <param name="outcome">Of the last try; null when there was none.</param>
    private void End(QueuedEvent e, string condition, EventPolicy policy, RunOutcome? outcome, IEventRunner? from)
    {
        bool succeeded = condition == EventConditions.Success;
        var notes = new List<string>();
        List<NewEvent> next = [];
        foreach (string target in TargetsOf(policy, succeeded))
        {
            if (Address(e, condition, target, outcome, next) is { } cause)
                notes.Add(cause);
        }

        if (!succeeded)
        {
            lock (_gate)
                e.Function.Counters = e.Function.Counters with { Dropped = e.Function.Counters.Dropped + 1 };
        }

        Conclude(e, next, succeeded ? null : note => EndingOf(e, condition, note, outcome), from, notes);
    }

    /// <summary>Lambda sends a failed event to both: the failure destination and the dead-letter target.</summary>
    private static IEnumerable<string> TargetsOf(EventPolicy policy, bool succeeded)
    {
        if ((succeeded ? policy.OnSuccess : policy.OnFailure) is { } destination)
            yield return destination;
        if (!succeeded && policy.DeadLetterTarget is { } target && target != policy.OnFailure)
            yield return target;
    }

    private Ending EndingOf(QueuedEvent e, string condition, string note, RunOutcome? outcome)
    {
        (string type, string message) = outcome is null && condition == EventConditions.ZeroReservedConcurrency
            ? ("TooManyRequestsException", "The function's reserved concurrency is 0: it was not invoked.")
            : ErrorOf(outcome);
        ReadOnlyMemory<byte> response = outcome?.Response ?? default;
        return new Ending(condition, Now, e.Tries, type, message, note, response[..Math.Min(response.Length, Ending.MaxResponseBytes)].ToArray());
    }

    /// <summary>Takes an event out of the queue, and in the same transaction takes in what it leads to.</summary>
    /// <param name="bury">Makes the dead letter that it becomes when nobody takes it, or somebody does not; null = it is forgotten then.</param>
    private void Conclude(QueuedEvent e, List<NewEvent> next, Func<string, Ending>? bury, IEventRunner? from, List<string>? notes = null)
    {
        lock (_gate)
        {
            Uncache(e);
            if (e.Function.IsDropped)
                return;
            List<(QueuedEvent Event, EventBody Body)> taken = [];
            foreach (NewEvent given in next)
            {
                if (Refusal(given) is { } refusal)
                    notes!.Add(refusal.Message);
                else
                    taken.Add((Enter(given), given.Body));
            }

            string note = notes is { Count: > 0 } ? string.Join("; ", notes) : "";
            Ending? ending = bury is not null && (note.Length > 0 || taken.Count == 0) ? bury(note) : null;
            // A dead letter has the note itself.
            if (note.Length > 0 && ending is null)
                _log.LogWarning("what {Function} answered to event {RequestId} was not delivered: {Cause}", e.Function.Name, e.RequestId, note);
            bool buried = false;
            _store.Submit(new StoreOperation(
                s =>
                {
                    foreach ((QueuedEvent made, EventBody body) in taken)
                        s.Insert(made, made.Function.Name, body);
                    if (ending is null)
                        s.Delete(e.Sequence);
                    else
                        buried = s.Bury(e.Sequence, ending);
                },
                _ => Concluded(e, taken, buried, from),
                MustHappen: true,
                taken.Sum(t => t.Body.Footprint) + (ending?.Response.Length ?? 0)));
        }
    }

    private void Concluded(QueuedEvent e, List<(QueuedEvent Event, EventBody Body)> taken, bool buried, IEventRunner? from)
    {
        lock (_gate)
        {
            Release(e);
            // By name: its function may have been deleted since, and the dead letter is there all the same.
            if (buried)
                CountDead(QueueOf(e.Function.Name), 1, e.Bytes);
            foreach ((QueuedEvent made, EventBody body) in taken)
                Keep(made, body);
        }

        from?.Settled(e.Sequence);
        if (taken.Count > 0)
            Wake();
    }

    /// <summary>Adds what a target shall get to <paramref name="next"/>.</summary>
    /// <returns>Why it cannot get it, or null.</returns>
    private string? Address(QueuedEvent e, string condition, string destination, RunOutcome? outcome, List<NewEvent> next)
    {
        if (TargetOf(destination) is not { } target)
            return $"only functions of this node can be destinations, named by their ARN, and {destination} is none";
        if (e.Hops + 1 >= _settings.MaxHops)
            return $"{_settings.MaxHops} destinations after one another look like a loop";
        if ((e.Body ?? _store.ReadBody(e.Sequence)) is not { } body)
            return "its payload is gone";
        string arn = _address.Arn(e.Function.Name, e.Qualifier ?? FunctionName.Latest);
        byte[] record;
        try
        {
            record = InvocationRecord.Write(e, arn, condition, body.Payload, outcome, _time.GetUtcNow());
        }
        catch (InvalidOperationException)
        {
            return "its payload is nested too deeply";
        }

        if (record.Length > EventLimits.MaxPayloadBytes)
            return $"payload and response make a record of {record.Length} bytes, more than the {EventLimits.MaxPayloadBytes} that an event may have";
        next.Add(new NewEvent(Guid.NewGuid(), target.Name, target.Qualifier, new EventBody(record, body.TraceId, "application/json"), e.Hops + 1));
        return null;
    }

    private FunctionName? TargetOf(string arn)
    {
        try
        {
            return arn.StartsWith("arn:aws:lambda:", StringComparison.Ordinal) ? _address.Parse(arn, null) : null;
        }
        catch (LambdaException)
        {
            return null;
        }
    }

    /// <summary>From Lambda's error JSON of a function, or from what the agent said.</summary>
    private static (string Type, string Message) ErrorOf(RunOutcome? outcome)
    {
        if (outcome is null)
            return ("", "");
        if (!outcome.Ran)
            return (OneLine(outcome.ErrorType), OneLine(outcome.Message));
        try
        {
            using JsonDocument json = JsonDocument.Parse(outcome.Response);
            if (json.RootElement.ValueKind == JsonValueKind.Object)
                return (Text(json.RootElement, "errorType"), Text(json.RootElement, "errorMessage"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // A runtime may answer anything: half of a surrogate pair is JSON, and no string.
        }

        return ("", "");
    }

    private static string Text(JsonElement json, string name) =>
        json.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? OneLine(value.GetString()!) : "";

    private static string OneLine(string text)
    {
        var line = new StringBuilder(text.Length < Ending.MaxMessageLength ? text : text[..Ending.MaxMessageLength]);
        for (int i = 0; i < line.Length; i++)
        {
            if (char.IsControl(line[i]) || char.IsSurrogate(line[i]))
                line[i] = ' ';
        }

        return line.ToString();
    }
}
