using System.Net.Sockets;
using Grpc.Core;
using Hearth.Cli.Connection;

namespace Hearth.Cli.Errors;

/// <summary>What the control plane's status codes mean to the person at the terminal.</summary>
internal static class RpcFailures
{
    public static (string Line, int Code) Describe(RpcException failure)
    {
        var detail = Failures.OneLine(failure.Status.Detail);
        return failure.StatusCode switch
        {
            StatusCode.Unavailable when IsConnectFailure(failure) =>
                ($"hearth: node: the control plane does not answer on its socket; start one with: {TypedCommand.Start(NodeLocation.Current)}", ExitCode.Unreachable),
            StatusCode.Unavailable => ($"hearth: node: {detail}", ExitCode.Unreachable),
            StatusCode.DeadlineExceeded => ("hearth: node: no answer in time; look at the node's terminal and its log folder", ExitCode.Unreachable),
            StatusCode.NotFound when detail.StartsWith("Function not found", StringComparison.Ordinal) =>
                ($"hearth: not found: {detail}; see what there is with: {TypedCommand.Name} ls{TypedCommand.DataOption(NodeLocation.Current)}", ExitCode.NotFound),
            StatusCode.NotFound => ($"hearth: not found: {detail}", ExitCode.NotFound),
            StatusCode.InvalidArgument => ($"hearth: refused as invalid: {detail}", ExitCode.Usage),
            StatusCode.AlreadyExists or StatusCode.ResourceExhausted or StatusCode.PermissionDenied or StatusCode.FailedPrecondition
                or StatusCode.Aborted or StatusCode.Unauthenticated => ($"hearth: refused: {detail}", ExitCode.Refused),
            StatusCode.Unimplemented => ($"hearth: node: it does not know this call ({detail}); CLI and node are of different versions: stop the node and run: {TypedCommand.Start(NodeLocation.Current)}", ExitCode.Failed),
            _ => ($"hearth: node: {failure.StatusCode}: {detail}; look at the node's terminal and its log folder", ExitCode.Failed),
        };
    }

    /// <summary>Nothing came back at all, as opposed to an answer that says "unavailable".</summary>
    private static bool IsConnectFailure(RpcException failure)
    {
        for (var cause = failure.Status.DebugException; cause is not null; cause = cause.InnerException)
            if (cause is SocketException) return true;
        return false;
    }
}
