using Hearth.Cli.Connection;

namespace Hearth.Cli.Node;

/// <summary>What a person sees when the node is ready: where it is and what to type next.</summary>
internal static class Welcome
{
    public static void Print(UpOptions options, string endpoint, TimeSpan elapsed)
    {
        var data = TypedCommand.DataOption(options.DataDirectory);
        // Installed without the examples: any folder with an app.py.
        var example = TypedCommand.Clone is { } clone ? Path.Combine(clone, "rootfs/examples/hello-python") : "FOLDER";
        Console.Out.WriteLine($"""
            hearth: node ready in {elapsed.TotalSeconds:0.0} s
              endpoint  {endpoint}{(options.GrpcPort is { } port ? $"   gRPC 127.0.0.1:{port}" : "")}
              data      {options.DataDirectory} (logs of the node: {options.DataDirectory}/log)
              try       sudo {TypedCommand.Name} deploy {example} --name hello --runtime python --handler app.handler{data}
                        sudo {TypedCommand.Name} invoke hello --payload '{"{"}"name":"you"{"}"}'{data}
                        curl -d '{"{"}"name":"curl"{"}"}' {endpoint}/2015-03-31/functions/hello/invocations
              stop      Ctrl-C
            """);
        Console.Out.Flush();
    }
}
