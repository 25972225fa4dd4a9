using Hearth.Cli.Connection;

namespace Hearth.Cli.Node;

/// <summary>What a person sees when the node is ready: where it is and what to type next.</summary>
internal static class Welcome
{
    public static void Print(UpOptions options, string endpoint, TimeSpan elapsed)
    {
        var data = options.DataDirectory == NodeLocation.DefaultPath ? "" : $" --data {options.DataDirectory}";
        Console.Out.WriteLine($"""
            hearth: node ready in {elapsed.TotalSeconds:0.0} s
              endpoint  {endpoint}{(options.GrpcPort is { } port ? $"   gRPC 127.0.0.1:{port}" : "")}
              data      {options.DataDirectory} (logs of the node: {options.DataDirectory}/log)
              try       sudo ./hearth deploy rootfs/examples/hello-python --name hello --runtime python --handler app.handler{data}
                        sudo ./hearth invoke hello --payload '{"{"}"name":"you"{"}"}'{data}
                        curl -d '{"{"}"name":"curl"{"}"}' {endpoint}/2015-03-31/functions/hello/invocations
              stop      Ctrl-C
            """);
        Console.Out.Flush();
    }
}
