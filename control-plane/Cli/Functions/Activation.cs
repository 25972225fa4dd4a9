using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Functions;

/// <summary>Waits until a new function or revision can be invoked.</summary>
internal static class Activation
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    /// <exception cref="CliException">The function failed to become active, or took longer than two minutes.</exception>
    public static async Task<Function> WaitAsync(ControlPlane node, Function function, CancellationToken cancellationToken)
    {
        var name = function.Settings.FunctionName;
        var until = TimeProvider.System.GetTimestamp();
        for (var delay = FirstDelay; IsPending(function); delay = delay * 2 < LongestDelay ? delay * 2 : LongestDelay)
        {
            if (TimeProvider.System.GetElapsedTime(until) > Limit)
                throw new CliException(ExitCode.Failed, name, $"still {function.State} after {Limit.TotalMinutes:0} minutes ({function.StateReason})", "look at the node's terminal and its log folder");
            await Task.Delay(delay, cancellationToken);
            function = await node.Functions.GetFunctionAsync(new GetFunctionRequest { FunctionName = name }, cancellationToken: cancellationToken);
        }
        if (function.State == "Failed" || function.LastUpdateStatus == "Failed")
            throw new CliException(ExitCode.Failed, name, $"was uploaded but cannot run: {function.StateReason}", "mend the cause and deploy it again");
        return function;
    }

    private static bool IsPending(Function function) => function.State == "Pending" || function.LastUpdateStatus == "InProgress";
}
