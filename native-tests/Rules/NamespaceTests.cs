using Xunit;

namespace Hearth.NativeTests.Rules;

/// <summary>Inside a program folders are the modules. What must not know of what, read from the compiled code and not from its usings.</summary>
public sealed class NamespaceTests
{
    private sealed record Rule(string Project, string Assembly, string From, string Reason, params string[] Not);

    private static readonly Rule[] Rules =
    [
        // Control plane: one application layer, two adapters that only translate, a store below.
        Server("Functions", "the application layer knows neither its adapters nor how they talk", "Hearth.ControlPlane.Api", "Grpc.Core", "Microsoft.AspNetCore"),
        Server("Store", "the store is below everything", "Hearth.ControlPlane.Api", "Hearth.ControlPlane.Agents", "Hearth.ControlPlane.Metering", "Grpc.Core", "Microsoft.AspNetCore"),
        Server("Agents", "the agents' link is no adapter's business", "Hearth.ControlPlane.Api"),
        Server("Metering", "prices are computed from sums, by whomever they were made", "Hearth.ControlPlane.Api", "Hearth.ControlPlane.Agents", "Microsoft.AspNetCore"),
        Server("Access", "who may call is no adapter's business", "Hearth.ControlPlane.Api", "Hearth.ControlPlane.Agents", "Grpc.Core", "Microsoft.AspNetCore"),
        Server("Logs", "the application layer of the logs API knows no HTTP", "Hearth.ControlPlane.Api", "Grpc.Core", "Microsoft.AspNetCore"),
        Server("Identity", "roles are kept, by whatever protocol they came", "Hearth.ControlPlane.Api", "Hearth.ControlPlane.Agents", "Grpc.Core", "Microsoft.AspNetCore"),
        Server("Runtimes", "it answers both adapters", "Hearth.ControlPlane.Api", "Hearth.ControlPlane.Store"),
        Server("Api.Rest", "adapters do not know each other", "Hearth.ControlPlane.Api.Grpc", "Grpc.Core"),
        Server("Api.Grpc", "adapters do not know each other", "Hearth.ControlPlane.Api.Rest"),

        // Agent: HTTP at one end, pipes at the other, and the scheduler sees neither.
        Agent("Streaming", "the event loop moves frames and knows nobody", "Hearth.Agent.Ingress", "Hearth.Agent.Scheduling", "Hearth.Agent.Sandboxes", "Hearth.Agent.Functions", "Hearth.Agent.Reporting"),
        Agent("Spawning", "the spawner's socket is a leaf", "Hearth.Agent.Ingress", "Hearth.Agent.Scheduling", "Hearth.Agent.Sandboxes", "Hearth.Agent.Functions", "Hearth.Agent.Reporting", "Microsoft.AspNetCore"),
        Agent("Functions", "what is deployed does not depend on what runs", "Hearth.Agent.Ingress", "Hearth.Agent.Scheduling", "Hearth.Agent.Sandboxes", "Hearth.Agent.Streaming"),
        // The event loop's thread is the scheduler's: it posts there, and touches nothing else of Streaming.
        Agent("Scheduling", "decisions are made without HTTP and without pipes", "Hearth.Agent.Ingress", "Hearth.Agent.Streaming.FrameLink", "Hearth.Agent.Streaming.LogPipe", "Hearth.Agent.Streaming.SendSide", "Hearth.Agent.Streaming.Sys", "Microsoft.AspNetCore", "Grpc"),
        Agent("Sandboxes", "an instance does not know who asked", "Hearth.Agent.Ingress", "Microsoft.AspNetCore", "Grpc"),
        Agent("Ingress", "HTTP never touches a pipe of a sandbox", "Hearth.Agent.Streaming", "Hearth.Sandbox", "Hearth.Wire"),
        new("Hearth.Agent", "hearth-agent", "Hearth.Agent", "what a sandbox writes is parsed in Wire and nowhere else", "MessagePack"),

        // Command line: results and errors are below the commands.
        Cli("Output", "printing knows no command", "Hearth.Cli.Functions", "Hearth.Cli.Operations", "Hearth.Cli.Node", "Hearth.Cli.Connection", "Grpc"),
        Cli("Errors", "an exit code depends on no command", "Hearth.Cli.Functions", "Hearth.Cli.Operations", "Hearth.Cli.Node", "Hearth.Cli.Output"),
        Cli("Functions", "what talks to a node does not run one", "Hearth.Cli.Node", "Hearth.Cli.Doctor", "Mono.Unix"),
        Cli("Operations", "what talks to a node does not run one", "Hearth.Cli.Node", "Hearth.Cli.Doctor", "Mono.Unix"),

        // Spawner: forking is safe with one managed thread only.
        new("Hearth.Spawner", "hearth-spawner", "Hearth.Spawner", "one thread, no thread pool: it forks", "System.Threading.Tasks", "System.Threading.ThreadPool", "System.Threading.Timer", "System.Net", "Mono.Unix"),
    ];

    public static TheoryData<string> Names => [.. Rules.Select(NameOf)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Boundary_is_kept(string name)
    {
        var rule = Rules.Single(one => NameOf(one) == name);
        var assembly = Path.Combine(Repository.Built(rule.Project, rule.Assembly), rule.Assembly + ".dll");
        var broken = Dependencies.Find(assembly, rule.From, rule.Not, out var types);
        Assert.True(types > 0, $"{rule.From} holds no type: was it renamed?");
        Assert.True(broken.Count == 0, $"{rule.From}: {rule.Reason}. Broken by:\n{string.Join('\n', broken)}");
    }

    [Fact]
    public void The_reader_of_dependencies_finds_them()
    {
        var own = typeof(NamespaceTests).Assembly.Location;
        Assert.NotEmpty(Dependencies.Find(own, "Hearth.NativeTests.Rules", ["Mono.Cecil"], out _));
        Assert.NotEmpty(Dependencies.Find(own, "Hearth.NativeTests.EndToEnd", ["Hearth.NativeTests.Harness"], out _));
        Assert.Empty(Dependencies.Find(own, "Hearth.NativeTests.Harness", ["Hearth.NativeTests.Rules"], out _));
    }

    private static string NameOf(Rule rule) => $"{rule.From}: {rule.Reason}";

    private static Rule Server(string from, string reason, params string[] not) => new("Hearth.ControlPlane", "hearth-control-plane", "Hearth.ControlPlane." + from, reason, not);

    private static Rule Agent(string from, string reason, params string[] not) => new("Hearth.Agent", "hearth-agent", "Hearth.Agent." + from, reason, not);

    private static Rule Cli(string from, string reason, params string[] not) => new("Hearth.Cli", "hearth", "Hearth.Cli." + from, reason, not);
}
