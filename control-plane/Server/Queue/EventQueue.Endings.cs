using System.Text;
using System.Text.Json;
using Hearth.Contracts;

namespace Hearth.ControlPlane.Queue;

// What becomes of an event after a try.
public sealed partial class EventQueue
{
    private void Settle(QueuedEvent e, RunOutcome outcome)
    {
        EventPolicy config = _configs.Of(e.Function.Name, e.Qualifier);
        long now = Now;
        Verdict verdict = EventRules.Judge(e, outcome, config, _settings, now);
        (e.Tries, e.Refusals) = (verdict.Tries, verdict.Refusals);
        Count(e, outcome, verdict);
        if (verdict.Condition is { } condition)
        {
            End(e, condition, outcome.IsSuccess ? config.OnSuccess : config.OnFailure, outcome);
            return;
        }

        lock (_gate)
        {
            e.DueUnixMs = verdict.DueUnixMs;
            // Later ones are read again: memory is for those whose turn is near.
            Uncache(e);
            if (e.Function.IsDropped)
                return;
            _store.Submit(new StoreOperation(s => s.Reschedule(e.Sequence, verdict.DueUnixMs, verdict.Tries, verdict.Refusals), MustHappen: true));
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

    /// <summary>To its destination when it has one that takes it; else a success is forgotten and a failure becomes a dead letter.</summary>
    /// <param name="outcome">Of the last try; null when there was none.</param>
    private void End(QueuedEvent e, string condition, string? destination, RunOutcome? outcome)
    {
        if (condition != EventConditions.Success)
        {
            lock (_gate)
                e.Function.Counters = e.Function.Counters with { Dropped = e.Function.Counters.Dropped + 1 };
        }

        string note = "";
        if (destination is not null)
        {
            note = Deliver(e, condition, destination, outcome) ?? "";
            if (note.Length == 0)
                return;
            _log.LogWarning("event {RequestId} of {Function} ({Condition}) was not delivered to {Destination}: {Cause}", e.RequestId, e.Function.Name, condition, destination, note);
        }

        if (condition == EventConditions.Success)
            Forget(e);
        else
            Bury(e, condition, note, outcome);
    }

    private void Forget(QueuedEvent e) => Submit(e, s => s.Delete(e.Sequence));

    private void Bury(QueuedEvent e, string condition, string note, RunOutcome? outcome)
    {
        (string type, string message) = ErrorOf(outcome);
        ReadOnlyMemory<byte> response = outcome?.Response ?? default;
        var ending = new Ending(
            condition, Now, e.Tries, type, message, note, response[..Math.Min(response.Length, Ending.MaxResponseBytes)].ToArray());
        Submit(e, s => s.Bury(e.Sequence, ending), () => CountDead(e.Function, 1, e.Bytes));
    }

    private void Submit(QueuedEvent e, Action<EventStatements> execute, Action? counted = null)
    {
        lock (_gate)
        {
            Uncache(e);
            if (e.Function.IsDropped)
                return;
            _store.Submit(new StoreOperation(execute, _ => Gone(e, counted), MustHappen: true));
        }
    }

    private void Gone(QueuedEvent e, Action? counted)
    {
        lock (_gate)
        {
            if (e.Function.IsDropped)
                return;
            Release(e);
            counted?.Invoke();
        }
    }

    /// <returns>Why it cannot be delivered, or null.</returns>
    private string? Deliver(QueuedEvent e, string condition, string destination, RunOutcome? outcome)
    {
        if (TargetOf(destination) is not { } target)
            return "only functions of this node can be destinations, named by their ARN";
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
        var next = new NewEvent(Guid.NewGuid(), target.Name, target.Qualifier, new EventBody(record, body.TraceId, "application/json"), e.Hops + 1);
        return Admit(next, s => s.Delete(e.Sequence), _ =>
        {
            lock (_gate)
                Uncache(e);
            Gone(e, null);
        })?.Message;
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
