using System.Diagnostics;
using System.Runtime.InteropServices;
using Hearth.Bench.Load;
using Hearth.Bench.Load.Asynchronous;
using Hearth.Bench.Load.Invocations;
using Hearth.Bench.Load.Memory;
using Hearth.Bench.Load.Processes;
using Hearth.Bench.Load.Reporting;
using Hearth.Bench.Load.Sandboxes;
using Hearth.Bench.Load.Scale;
using Hearth.Bench.Load.Trace;

// Peers that are made of this program itself: see EchoPeers.
if (args is [EchoPeers.KestrelVerb])
    return await EchoPeers.ServeKestrelAsync();
if (args is [EchoPeers.PipeVerb])
    return EchoPeers.ServePipe();

// ./hearth bench asks first whether the command line is right, before anything is built.
var checkOnly = args is ["--check", ..];
Options options;
try
{
    options = Options.Parse(checkOnly ? args[1..] : args);
}
catch (UsageException e)
{
    Console.Error.WriteLine($"hearth bench: {e.Message}\nhearth bench: see ./hearth bench --help");
    return 2;
}

if (options.Help)
{
    using var usage = new StreamReader(typeof(Options).Assembly.GetManifestResourceStream("usage.txt")!);
    Console.Write(usage.ReadToEnd());
    return 0;
}

if (checkOnly)
    return 0;

using var cancelled = new CancellationTokenSource();
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
var repository = Repository();
var machine = Machine.Read(repository);
var context = new BenchContext(options.Quick, new CpuGroups(), cancelled.Token);
var started = DateTime.UtcNow;
var clock = Stopwatch.StartNew();
List<PartResult> results = [];
foreach (var part in ((IPart[])[new MicroPart(), new SandboxPart(), new InvokePart(), new AsyncPart(), new MemoryPart(), new ScalePart(), new TracePart()]).Where(part => options.Parts.Contains(part.Name)))
{
    var began = clock.Elapsed;
    try
    {
        BenchContext.Say($"{part.Name} ...");
        var rows = await part.RunAsync(context);
        results.Add(new PartResult(part.Name, (clock.Elapsed - began).TotalSeconds, rows, null));
    }
    catch (Exception e) when (cancelled.IsCancellationRequested)
    {
        // The bench's own complaint about what is left behind is worth reading; what a cancelled call throws is not.
        Console.Error.WriteLine($"hearth bench: interrupted{(e is BenchException ? $": {e.Message}" : "")}");
        return 130;
    }
    catch (PartFailedException e)
    {
        results.Add(new PartResult(part.Name, (clock.Elapsed - began).TotalSeconds, e.Rows, e.Message));
    }
    catch (Exception e)
    {
        results.Add(new PartResult(part.Name, (clock.Elapsed - began).TotalSeconds, [], e is BenchException ? e.Message : e.ToString()));
    }

    if (results[^1].Failure is { } failure)
        Console.Error.WriteLine($"hearth bench: {part.Name} failed: {failure}");
}

var run = new Run(machine, started, clock.Elapsed.TotalSeconds, options.Quick, results);
Console.Write(TextReport.Of(run));
if (options.JsonFile is { } file)
    await File.WriteAllTextAsync(file, run.ToJson());
if (options.Keep)
    run.Keep(repository);
return results.Any(static result => result.Failure is not null) ? 1 : 0;

void Cancel(PosixSignalContext signal)
{
    signal.Cancel = true;
    BenchContext.Say("stopping ...");
    cancelled.Cancel();
}

static string Repository()
{
    if (Environment.GetEnvironmentVariable("HEARTH_ROOT") is { Length: > 0 } chosen)
        return chosen;
    for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
    {
        if (File.Exists(Path.Combine(folder, "Agent.sln")))
            return folder;
    }

    return Environment.CurrentDirectory;
}
