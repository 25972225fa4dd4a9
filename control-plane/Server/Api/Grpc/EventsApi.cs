using Google.Protobuf;
using Grpc.Core;
using Hearth.Contracts;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Queue;
using Letter = Hearth.ControlPlane.Queue.DeadLetter;

namespace Hearth.ControlPlane.Api.Grpc;

/// <summary>The Events service: what waits in the queue, and what ended in it.</summary>
public sealed class EventsApi(EventQueue queue, FunctionAddress address) : Events.EventsBase
{
    private const int MaxPage = 1_000;
    private const int MaxSelected = 10_000;

    public override Task<GetQueuesResponse> GetQueues(GetQueuesRequest request, ServerCallContext context)
    {
        var response = new GetQueuesResponse();
        response.Queues.AddRange(queue.Describe(NameOf(request.FunctionName)).Select(d => new QueueInfo
        {
            FunctionName = d.Function,
            Waiting = d.Waiting,
            InFlight = d.InFlight,
            OldestUnixMs = d.OldestUnixMs,
            Bytes = d.Bytes,
            DeadLetters = d.DeadLetters,
            Received = d.Counters.Received,
            Succeeded = d.Counters.Succeeded,
            Retried = d.Counters.Retried,
            Refused = d.Counters.Refused,
            Dropped = d.Counters.Dropped,
            Concurrency = d.Concurrency,
        }));
        return Task.FromResult(response);
    }

    public override Task<ListDeadLettersResponse> ListDeadLetters(ListDeadLettersRequest request, ServerCallContext context)
    {
        if (request.MaxItems < 0)
            throw new LambdaException(LambdaError.InvalidParameterValue("max_items must not be negative; 0 means as many as a page holds."));
        if (!long.TryParse(request.Marker.Length == 0 ? "0" : request.Marker, System.Globalization.NumberStyles.None, null, out long after))
            throw new LambdaException(LambdaError.InvalidParameterValue("Invalid marker: give the next_marker of the page before, or none."));
        int size = Math.Min(request.MaxItems == 0 ? MaxPage : request.MaxItems, MaxPage);
        List<Letter> page = queue.DeadLetters(NameOf(request.FunctionName), after, size);
        var response = new ListDeadLettersResponse { NextMarker = page.Count == size ? $"{page[^1].Sequence}" : "" };
        response.DeadLetters.AddRange(page.Select(MessageOf));
        return Task.FromResult(response);
    }

    public override Task<Contracts.V1.DeadLetter> GetDeadLetter(GetDeadLetterRequest request, ServerCallContext context) =>
        Task.FromResult(MessageOf(queue.DeadLetter(IdOf(request.RequestId))));

    public override async Task<Contracts.V1.DeadLetter> EditDeadLetter(EditDeadLetterRequest request, ServerCallContext context)
    {
        if (request.Payload.IsEmpty)
            throw new LambdaException(LambdaError.InvalidParameterValue("An edit needs a payload: JSON of at most 1 MiB."));
        EventPayload.Check(request.Payload.Span);
        return MessageOf(await queue.EditAsync(IdOf(request.RequestId), request.Payload.ToByteArray()));
    }

    public override async Task<DeadLetterCount> RedriveDeadLetters(DeadLetterSelection request, ServerCallContext context) =>
        new() { Count = await queue.RedriveAsync(Select(request)) };

    public override async Task<DeadLetterCount> RemoveDeadLetters(DeadLetterSelection request, ServerCallContext context) =>
        new() { Count = await queue.RemoveAsync(Select(request)) };

    /// <summary>What there is now: a function that fails what is redriven does not make this endless.</summary>
    private List<Letter> Select(DeadLetterSelection selection)
    {
        if ((selection.RequestIds.Count > 0 ? 1 : 0) + (selection.FunctionName.Length > 0 ? 1 : 0) + (selection.All ? 1 : 0) != 1)
            throw new LambdaException(LambdaError.InvalidParameterValue("Select dead letters by request ids, or by function, or all."));
        if (selection.RequestIds.Count > MaxSelected)
            throw new LambdaException(LambdaError.InvalidParameterValue($"At most {MaxSelected} request ids at once."));
        if (selection.RequestIds.Count > 0)
            return [.. selection.RequestIds.Distinct().Select(id => queue.DeadLetter(IdOf(id)) with { Payload = [], Response = [] })];
        string? function = NameOf(selection.FunctionName);
        List<Letter> all = [];
        for (List<Letter> page = queue.DeadLetters(function, 0, MaxPage); page.Count > 0; page = queue.DeadLetters(function, page[^1].Sequence, MaxPage))
            all.AddRange(page);
        return all;
    }

    private string? NameOf(string function) => function.Length == 0 ? null : address.Parse(function, null).Name;

    private static Guid IdOf(string text) => Guid.TryParse(text, out Guid id)
        ? id
        : throw new LambdaException(LambdaError.InvalidParameterValue("A request id is a uuid: 8-4-4-4-12 hexadecimal digits."));

    private static Contracts.V1.DeadLetter MessageOf(Letter letter) => new()
    {
        RequestId = letter.RequestId.ToString(),
        FunctionName = letter.Function,
        Qualifier = letter.Qualifier ?? "",
        AcceptedUnixMs = letter.AcceptedUnixMs,
        DiedUnixMs = letter.DiedUnixMs,
        Condition = letter.Condition,
        Tries = letter.Tries,
        ErrorType = letter.ErrorType,
        ErrorMessage = letter.ErrorMessage,
        Note = letter.Note,
        PayloadBytes = letter.PayloadBytes,
        Payload = UnsafeByteOperations.UnsafeWrap(letter.Payload),
        Response = UnsafeByteOperations.UnsafeWrap(letter.Response),
    };
}
