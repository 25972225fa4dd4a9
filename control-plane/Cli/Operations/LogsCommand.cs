using System.CommandLine;
using System.Text.Json;
using Grpc.Core;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Operations;

/// <summary><c>hearth logs NAME</c>: what a function wrote, with START, END and REPORT lines.</summary>
internal static class LogsCommand
{
    private static readonly Argument<string> Name = SharedOptions.FunctionName();
    private static readonly Option<bool> Follow = new("--follow", "-f") { Description = "Stay and print new lines as they come; Ctrl-C ends it" };
    private static readonly Option<string> Request = new("--request") { Description = "Only this invocation", HelpName = "ID" };
    private static readonly Option<string> Since = Durations.Since("Only lines younger than this");
    private static readonly Option<int?> Tail = SharedOptions.Number("--tail", "Only the last N lines, 1-10000", 1, 10_000);
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("logs", "Print what a function logged.", "hearth logs thumbnail -f --since 10m") { Name, Follow, Request, Since, Tail, AsJson };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var asJson = parsed.GetValue(AsJson);
        using var lines = node.Operations.ReadLogs(new ReadLogsRequest
        {
            FunctionName = parsed.GetRequiredValue(Name),
            RequestId = parsed.GetValue(Request) ?? "",
            SinceUnixMs = Durations.ToUnixMs(parsed.GetValue(Since), TimeProvider.System),
            Follow = parsed.GetValue(Follow),
            Tail = parsed.GetValue(Tail) ?? 0,
        }, cancellationToken: cancellationToken);
        await foreach (var line in lines.ResponseStream.ReadAllAsync(cancellationToken))
        {
            if (asJson) Json.PrintLine(writer => Write(writer, line));
            else Console.Out.WriteLine($"{DateTimeOffset.FromUnixTimeMilliseconds(line.TimeUnixMs):yyyy-MM-ddTHH:mm:ss.fffZ} {VisibleText.Line(line.Text)}");
        }
        return ExitCode.Ok;
    }

    private static void Write(Utf8JsonWriter writer, LogLine line)
    {
        writer.WriteStartObject();
        writer.WriteNumber("timestamp", line.TimeUnixMs);
        writer.WriteString("requestId", line.RequestId);
        writer.WriteString("logStreamName", line.Stream);
        writer.WriteString("message", line.Text);
        writer.WriteEndObject();
    }
}
