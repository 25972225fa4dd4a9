using System.Runtime.InteropServices;
using Hearth.Agent.Hosting;
using Hearth.Agent.Spawning;
using Hearth.Agent.Streaming;
using Hearth.Sandbox.Linux;

if (args.Contains("--help") || args.Contains("-h"))
{
    Console.WriteLine(AgentOptions.Usage);
    return 0;
}

AgentOptions options;
try
{
    options = AgentOptions.Parse(args);
}
catch (UsageException e)
{
    Console.Error.WriteLine($"hearth-agent: {e.Message}");
    Console.Error.WriteLine(AgentOptions.Usage);
    return 2;
}

if (Sys.EffectiveUser == 0 && Environment.GetEnvironmentVariable("HEARTH_AGENT_ALLOW_ROOT") != "1")
{
    Console.Error.WriteLine("hearth-agent: refusing to run as root, it parses what comes from outside; start it as its own user (hearth up does: setpriv --reuid 2000000001).");
    return 1;
}

if (DescriptorLimit.Raise() is < DescriptorLimit.Enough and var descriptors)
    Console.Error.WriteLine($"hearth-agent: only {descriptors} files and connections may be open, about {descriptors / 16} sandboxes; raise the hard limit (ulimit -Hn, LimitNOFILE=)");

// Code must be readable by the users of sandboxes; everything secret sets its own mode.
Sys.Umask(0x12); // octal 022
using var logging = LoggerFactory.Create(static b => b.AddProvider(new StderrLogging()));
using var stop = new CancellationTokenSource();
void OnSignal(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
using var spawner = new SpawnerClient(Path.Join(options.DataDirectory, "run", "spawner.sock"), logging.CreateLogger("spawner"),
    pooled: options.SandboxPool);
AgentNode node;
try
{
    node = new AgentNode(options, spawner, logging, TimeProvider.System, brake: static now => MachineMemory.Judge(MachineMemory.Read(), now));
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"hearth-agent: the data directory {options.DataDirectory} cannot be used: {e.Message}; it must belong to the user that the agent runs as (ARCHITECTURE.md, data directory).");
    return 1;
}

await using (node)
{
    try
    {
        await node.StartAsync(stop.Token);
        await node.WaitReadyAsync(stop.Token);
        Console.WriteLine($"hearth-agent: ready {node.Endpoint}");
        await Task.Delay(Timeout.Infinite, stop.Token);
    }
    catch (IOException e)
    {
        Console.Error.WriteLine($"hearth-agent: {e.Message}");
        return 1;
    }
    catch (OperationCanceledException) when (stop.IsCancellationRequested)
    {
        // Asked to stop.
    }
}
return 0;
