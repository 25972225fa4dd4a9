using System.CommandLine;
using System.Text;
using System.Text.Json;
using Grpc.Core;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Functions;

/// <summary><c>hearth invoke NAME</c>: the answer on stdout, everything about it on stderr.</summary>
internal static class InvokeCommand
{
    private static readonly Argument<string> Name = SharedOptions.FunctionName();
    private static readonly Option<string> Event = new("--payload", "-p") { Description = "The event: JSON, @FILE or - for stdin; at most 6 MiB. Default: {}", HelpName = "JSON" };
    private static readonly Option<bool> Log = new("--log", "-l") { Description = "Show the last 4 KB of its log on stderr" };
    private static readonly Option<string> Qualifier = new("--qualifier") { Description = "Version or alias. Default: $LATEST", HelpName = "Q" };
    private static readonly Option<bool> Async = new("--async") { Description = "Put the event into the queue, at most 1 MiB, and print its request id; it is run soon, and again when the function fails" };
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("invoke", "Send an event to a function and print its answer. Exit code 1 when the function failed.",
            """hearth invoke thumbnail --payload @event.json --log""", """echo '{"name":"you"}' | hearth invoke hello --payload -""")
        {
            Name, Event, Log, Qualifier, Async, AsJson,
        };
        command.Validators.Add(static result =>
        {
            if (result.GetValue(Async) && result.GetValue(Log)) result.AddError("--async and --log exclude each other: nothing has run yet when the event is in the queue");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var request = new InvokeRequest
        {
            FunctionName = parsed.GetRequiredValue(Name),
            Qualifier = parsed.GetValue(Qualifier) ?? "",
            Payload = Payload.Read(parsed.GetValue(Event)),
            InvocationType = parsed.GetValue(Async) ? "Event" : "",
            LogType = parsed.GetValue(Log) ? "Tail" : "None",
        };
        using var node = ControlPlane.Connect(parsed);
        var answer = await SendAsync(node, request, cancellationToken);
        if (answer.LogResult.Length > 0 && !parsed.GetValue(AsJson)) Console.Error.Write(VisibleText.Lines(Encoding.UTF8.GetString(Convert.FromBase64String(answer.LogResult))));
        if (parsed.GetValue(AsJson)) Json.Print(writer => Write(writer, answer));
        else if (parsed.GetValue(Async)) Console.Out.WriteLine(answer.RequestId);
        else PrintPayload(answer);
        if (answer.FunctionError.Length == 0) return ExitCode.Ok;
        Console.Error.WriteLine($"hearth: {request.FunctionName}: the function failed ({answer.FunctionError}); see: {TypedCommand.Name} logs {request.FunctionName} --request {answer.RequestId}{TypedCommand.DataOption(NodeLocation.Current)}");
        return ExitCode.FunctionError;
    }

    private static async Task<InvokeResponse> SendAsync(ControlPlane node, InvokeRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return await node.Functions.InvokeAsync(request, cancellationToken: cancellationToken);
        }
        catch (RpcException refusal) when (Throttling.Of(refusal, request.FunctionName) is { } throttled)
        {
            throw throttled;
        }
    }

    /// <summary>To a program the bytes as they came; to a person with a line end, and without what would drive the terminal.</summary>
    private static void PrintPayload(InvokeResponse answer)
    {
        if (!Console.IsOutputRedirected)
        {
            var text = VisibleText.Lines(answer.Payload.ToStringUtf8());
            Console.Out.Write(text.Length == 0 || text[^1] == '\n' ? text : text + "\n");
            return;
        }
        using var output = Console.OpenStandardOutput();
        output.Write(answer.Payload.Span);
    }

    private static void Write(Utf8JsonWriter writer, InvokeResponse answer)
    {
        writer.WriteStartObject();
        writer.WriteNumber("StatusCode", answer.StatusCode);
        if (answer.FunctionError.Length > 0) writer.WriteString("FunctionError", answer.FunctionError);
        writer.WriteString("ExecutedVersion", answer.ExecutedVersion);
        writer.WriteString("RequestId", answer.RequestId);
        if (answer.LogResult.Length > 0) writer.WriteString("LogResult", answer.LogResult);
        writer.WriteString("Payload", answer.Payload.ToStringUtf8());
        writer.WriteEndObject();
    }
}
