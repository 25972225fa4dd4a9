using Google.Protobuf;
using Hearth.Agent.Functions;
using Hearth.Agent.Ingress;
using Hearth.Agent.Scheduling;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Events;

/// <summary>
/// Tries events that the control plane sends down. An event that still runs here when it comes again, after a crash or restart of the control plane, or whose result is
/// not on its disk yet, is not begun a second time: what comes of the first run is the answer to both.
/// </summary>
/// <param name="find">The function that a name means; throws <see cref="LambdaException"/> when there is none.</param>
internal sealed class EventRunner(Func<FunctionName, FunctionRevision> find, Scheduler scheduler, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<Guid, Running> _running = [];
    private readonly UnsettledResults _unsettled = new();
    private bool _draining;
    private TaskCompletionSource? _drained;

    /// <param name="to">Hears what came of it.</param>
    public void Run(EventRun run, EventConnection to)
    {
        if (Fault(run) is { } fault)
        {
            to.Report(Refused(run.EventId, LambdaError.Service(fault)));
            return;
        }
        var id = new Guid(run.RequestId.Span, bigEndian: true);
        Running running;
        lock (_gate)
        {
            if (_draining)
            {
                to.Report(Refused(run.EventId, LambdaError.Service("This node is stopping; try again.", 503)));
                return;
            }
            if (_running.TryGetValue(id, out var known))
            {
                if (known.To == to && known.EventId != run.EventId)
                    to.Report(Refused(run.EventId, LambdaError.Service("An event with this request id is under way.", 503)));
                else
                    (known.EventId, known.Tries, known.To, known.WantsResponse) = (run.EventId, run.Tries, to, run.WantsResponse);
                return;
            }
            if (_unsettled.Find(run, id) is { } result)
            {
                to.Report(result);
                return;
            }
            running = new Running { EventId = run.EventId, Tries = run.Tries, To = to, WantsResponse = run.WantsResponse };
            _running[id] = running;
        }
        _ = RunAsync(id, run, running);
    }

    /// <summary>The result of this event is on the control plane's disk.</summary>
    public void Settled(ulong eventId)
    {
        lock (_gate)
            _unsettled.Settled(eventId);
    }

    /// <summary>Takes nothing more and waits for what runs; what is still running then is not reported, and the control plane gives it to somebody else.</summary>
    public async Task DrainAsync(TimeSpan patience)
    {
        Task drained;
        lock (_gate)
        {
            _draining = true;
            _drained = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            drained = _running.Count == 0 ? Task.CompletedTask : _drained.Task;
        }
        await Task.WhenAny(drained, Task.Delay(patience, time));
        lock (_gate)
            _running.Clear();
    }

    private async Task RunAsync(Guid id, EventRun run, Running running)
    {
        EventResult result;
        try
        {
            result = await InvokeAsync(id, run, running);
        }
        catch (LambdaException e)
        {
            result = Refused(0, e.Error);
        }
        catch (Exception e)
        {
            result = Refused(0, LambdaError.Service($"The agent failed: {e.Message}"));
        }
        lock (_gate)
        {
            // Cleared by a stop: nobody is to hear of it.
            if (!_running.Remove(id))
                return;
            result.EventId = running.EventId;
            if (result.Status == 200)
                _unsettled.Keep(result, id, running.Tries);
            running.To.Report(result);
            if (_running.Count == 0)
                _drained?.TrySetResult();
        }
    }

    private async Task<EventResult> InvokeAsync(Guid id, EventRun run, Running running)
    {
        var name = FunctionName.Parse(run.FunctionName, run.Qualifier.Length == 0 ? null : run.Qualifier);
        var function = find(name);
        var invocation = new Invocation(function, id, run.Payload.Memory)
        {
            InvokedArn = FunctionArn.Qualify(function.Spec.FunctionArn, name.Qualifier),
            TraceId = run.TraceId.Length > 0 ? run.TraceId : RequestIds.NewTrace(time),
            ContentType = run.ContentType.Length > 0 ? run.ContentType : null,
        };
        if (scheduler.Submit(invocation) is { } refusal)
            return Refused(0, refusal);
        var result = await invocation.Completion;
        if (result.Refusal is { } failed)
            return Refused(0, failed);
        try
        {
            var wanted = (result.IsFunctionError || running.WantsResponse) && result.Body.Length <= EventLimits.MaxPayloadBytes;
            return new EventResult
            {
                Status = 200,
                FunctionError = result.IsFunctionError ? "Unhandled" : "",
                ExecutedVersion = function.Version,
                Response = wanted ? ByteString.CopyFrom(result.Body.Span) : ByteString.Empty,
            };
        }
        finally
        {
            result.Release();
        }
    }

    /// <summary>What no control plane sends that keeps to the protocol; a frame to a sandbox has the same bounds.</summary>
    private static string? Fault(EventRun run) => run switch
    {
        { RequestId.Length: not 16 } => "The event has no request id.",
        { Payload.Length: > EventLimits.MaxPayloadBytes } => "The event's payload is too long.",
        _ when !RequestIds.IsHeaderText(run.TraceId, EventLimits.MaxTraceIdLength) => "The event's trace id is not one.",
        _ when !RequestIds.IsHeaderText(run.ContentType, EventLimits.MaxContentTypeLength) => "The event's content type is not one.",
        _ => null,
    };

    private static EventResult Refused(ulong eventId, LambdaError error) =>
        new() { EventId = eventId, Status = error.Status, ErrorType = error.Code, Message = error.Message, Reason = error.Reason ?? "" };

    private sealed class Running
    {
        public required ulong EventId { get; set; }

        public required int Tries { get; set; }

        public required EventConnection To { get; set; }

        public required bool WantsResponse { get; set; }
    }
}
