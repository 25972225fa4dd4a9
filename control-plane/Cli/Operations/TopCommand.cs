using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;
using Spectre.Console;

namespace Hearth.Cli.Operations;

/// <summary><c>hearth top</c>: node and instances, refreshed every second until q or Ctrl-C.</summary>
internal static class TopCommand
{
    private static readonly TimeSpan Refresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan KeyPoll = TimeSpan.FromMilliseconds(100);

    public static Command Create()
    {
        var command = new Verb("top", "Watch the node live; q or Ctrl-C leaves. In a pipe it prints once.", "hearth top");
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var previous = await Sample.TakeAsync(node, cancellationToken);
        if (Console.IsOutputRedirected || Console.IsInputRedirected)
        {
            Terminal.Out.Write(View(previous, previous));
            return ExitCode.Ok;
        }
        try
        {
            await Terminal.Out.Live(View(previous, previous)).AutoClear(true).StartAsync(async live =>
            {
                while (!await QuitPressedAsync(cancellationToken))
                {
                    var current = await Sample.TakeAsync(node, cancellationToken);
                    live.UpdateTarget(View(previous, current));
                    previous = current;
                }
            });
        }
        catch (Exception stopped) when (cancellationToken.IsCancellationRequested && stopped is OperationCanceledException or Grpc.Core.RpcException)
        {
            // The picture is gone by now: the terminal is as it was.
            return ExitCode.Interrupted;
        }
        finally
        {
            // Whatever ended it.
            Terminal.Out.Cursor.Show();
        }
        return ExitCode.Ok;
    }

    private static async Task<bool> QuitPressedAsync(CancellationToken cancellationToken)
    {
        for (var waited = TimeSpan.Zero; waited < Refresh; waited += KeyPoll)
        {
            if (Console.KeyAvailable && Console.ReadKey(intercept: true).KeyChar is 'q' or 'Q') return true;
            await Task.Delay(KeyPoll, cancellationToken);
        }
        return false;
    }

    private static Rows View(Sample previous, Sample current)
    {
        var node = current.Node;
        var seconds = (current.Taken - previous.Taken).TotalSeconds;
        var rate = seconds > 0 ? (node.Invocations - previous.Node.Invocations) / seconds : 0;
        var busy = current.Instances.Count(instance => instance.State == "busy");
        var head = $"{node.Endpoint}  up {Units.AgeSince(node.StartedUnixMs, TimeProvider.System)}  {rate:0.0} invocations/s  {Units.Count(node.Invocations)} in all\n" +
                   $"memory {Units.Bytes(node.MemoryUsedBytes)} of {Units.Bytes(node.MemoryBudgetBytes)}  {current.Instances.Count} instances, {busy} busy" +
                   (node.AgentConnected ? "" : "  AGENT NOT CONNECTED");
        var starts = string.Join("  ", node.Starts.Where(start => start.Count > 0).Select(start => $"{start.Reason} {Units.Count(start.Count)}"));
        if (starts.Length > 0) head += $"\nstarts: {starts}";
        return new Rows(new Text(head), new Text(""), InstanceTable.Create(current.Instances, TimeProvider.System));
    }

    private sealed record Sample(DateTimeOffset Taken, NodeInfo Node, IReadOnlyList<Instance> Instances)
    {
        public static async Task<Sample> TakeAsync(ControlPlane node, CancellationToken cancellationToken)
        {
            var info = await node.Operations.GetNodeAsync(new GetNodeRequest(), cancellationToken: cancellationToken);
            var list = await node.Operations.ListInstancesAsync(new ListInstancesRequest(), cancellationToken: cancellationToken);
            return new Sample(TimeProvider.System.GetUtcNow(), info, list.Instances);
        }
    }
}
