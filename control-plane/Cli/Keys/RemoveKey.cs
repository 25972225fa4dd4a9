using System.CommandLine;
using Grpc.Core;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Parsing;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Keys;

/// <summary><c>hearth keys rm ID [--yes]</c>: in force at the connected agents when the command returns. The last key opens the node to its whole machine, so that is asked for.</summary>
internal static class RemoveKey
{
    private static readonly Argument<string> Id = new("ID") { Description = "Access key id" };
    private static readonly Option<bool> Yes = new("--yes") { Description = "Also when it is the last key: the node then serves everybody on its own machine, unsigned, and nobody else. At a terminal it is asked for" };

    public static Command Create()
    {
        var command = new Verb("rm", "Remove a key for good. With the last one the node serves its own machine only, unsigned; that needs --yes.", "hearth keys rm AKIAEXAMPLE234567ABC") { Id, Yes };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var id = parsed.GetRequiredValue(Id);
        RemoveKeyResponse answer;
        try
        {
            answer = await RemoveAsync(node, id, parsed.GetValue(Yes), cancellationToken);
        }
        // Only the node knows whether it is the last one.
        catch (RpcException failure) when (failure.Trailers.GetValue(LambdaError.TypeTrailer) == LambdaError.LastKeyCode)
        {
            Console.Error.WriteLine($"{failure.Status.Detail}; other machines are not served any more.");
            if (!IsAnsweredYes(id)) throw new CliException(ExitCode.Refused, "keys", $"{id} is kept", "add --yes to remove the last key");
            answer = await RemoveAsync(node, id, allowLast: true, cancellationToken);
        }
        Console.Out.WriteLine(answer.Left > 0 ? $"{id} removed" : $"{id} removed; it was the last key: the node serves its own machine only, and nobody needs to sign");
        return ExitCode.Ok;
    }

    private static async Task<RemoveKeyResponse> RemoveAsync(ControlPlane node, string id, bool allowLast, CancellationToken cancellationToken) =>
        await node.Keys.RemoveKeyAsync(new RemoveKeyRequest { KeyId = id, AllowLast = allowLast }, cancellationToken: cancellationToken);

    private static bool IsAnsweredYes(string id)
    {
        if (Console.IsInputRedirected || Console.IsErrorRedirected) return false;
        Console.Error.Write($"Remove {id} all the same? [y/N] ");
        return Console.In.ReadLine()?.Trim() is "y" or "Y" or "yes";
    }
}
