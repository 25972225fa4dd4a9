using Grpc.Core;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Contracts;

namespace Hearth.Cli.Functions;

/// <summary>An invocation that was refused for want of room: Lambda's "Rate Exceeded." says neither of what nor what to do.</summary>
internal static class Throttling
{
    /// <summary>Null when it is no refusal of that kind.</summary>
    public static CliException? Of(RpcException failure, string function) => failure.Trailers.GetValue(LambdaError.ReasonTrailer) switch
    {
        LambdaError.ReservedConcurrencyReason => new CliException(ExitCode.Refused, function, "throttled: its reserved concurrency is used up",
            $"try again when one of its invocations has ended, or raise it with: aws lambda put-function-concurrency --function-name {function}"),
        LambdaError.ConcurrencyReason => new CliException(ExitCode.Refused, function, "throttled: the node runs as many invocations as it may (--concurrency, less what is reserved), or no further instance fits into --memory-budget-mb",
            $"both are options of '{TypedCommand.Name} up'; who takes the room is shown by: {TypedCommand.Name} ps{TypedCommand.DataOption(NodeLocation.Current)}"),
        _ => null,
    };
}
