using System.CommandLine;
using System.Text.Json;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Operations;

/// <summary><c>hearth queue</c>: asynchronous invocations that wait, by function.</summary>
internal static class QueueCommand
{
    private static readonly Argument<string?> Name = new("NAME") { Description = "Only this function", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("queue", "Show asynchronous invocations: how many wait, the oldest one's age, what came of the others since the start.", "hearth queue thumbnail") { Name, AsJson };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var found = await node.Events.GetQueuesAsync(new GetQueuesRequest { FunctionName = parsed.GetValue(Name) ?? "" }, cancellationToken: cancellationToken);
        if (parsed.GetValue(AsJson)) Json.PrintArray("Queues", found.Queues, Write);
        else if (found.Queues.Count == 0) Console.Error.WriteLine("no event was sent yet; send one with: hearth invoke NAME --async");
        else Print(found);
        return ExitCode.Ok;
    }

    private static void Print(GetQueuesResponse found)
    {
        var table = Tables.Create("FUNCTION", ">WAITING", ">RUNNING", ">OLDEST", ">BYTES", ">RECEIVED", ">SUCCEEDED", ">RETRIED", ">REFUSED", ">DROPPED", ">DEAD LETTERS");
        foreach (var queue in found.Queues)
            table.Row(queue.FunctionName, Units.Count(queue.Waiting), Units.Count(queue.InFlight), Units.AgeSince(queue.OldestUnixMs, TimeProvider.System), Units.Bytes(queue.Bytes),
                Units.Count(queue.Received), Units.Count(queue.Succeeded), Units.Count(queue.Retried), Units.Count(queue.Refused), Units.Count(queue.Dropped), Units.Count(queue.DeadLetters));
        Tables.Print(table);
    }

    private static void Write(Utf8JsonWriter writer, QueueInfo queue)
    {
        writer.WriteStartObject();
        writer.WriteString("FunctionName", queue.FunctionName);
        writer.WriteNumber("Waiting", queue.Waiting);
        writer.WriteNumber("InFlight", queue.InFlight);
        writer.WriteNumber("OldestUnixMs", queue.OldestUnixMs);
        writer.WriteNumber("Bytes", queue.Bytes);
        writer.WriteNumber("Received", queue.Received);
        writer.WriteNumber("Succeeded", queue.Succeeded);
        writer.WriteNumber("Retried", queue.Retried);
        writer.WriteNumber("Refused", queue.Refused);
        writer.WriteNumber("Dropped", queue.Dropped);
        writer.WriteNumber("DeadLetters", queue.DeadLetters);
        writer.WriteNumber("Concurrency", queue.Concurrency);
        writer.WriteEndObject();
    }
}
