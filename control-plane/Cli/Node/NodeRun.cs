using System.Diagnostics;
using System.Runtime.InteropServices;
using Hearth.Cli.Errors;
using Mono.Unix.Native;

namespace Hearth.Cli.Node;

/// <summary>One life of a node, in order: checks, data directory, lock, binaries, processes, and the way back.</summary>
internal static class NodeRun
{
    public static int Execute(UpOptions options)
    {
        DelegatedScope.Enter();
        var clock = Stopwatch.StartNew();
        var data = options.DataDirectory;
        var source = Check(data);
        using var nodeLock = NodeLock.Take(data);
        ServiceUnit.RequireNone(data);
        options = options with { Port = PortCheck.Require(options.Host, options.Port) };
        if (options.GrpcPort is { } grpcPort) PortCheck.Require("127.0.0.1", grpcPort);
        Leftovers.Kill(data);
        Leftovers.RemoveSockets(data);
        source.CopyTo(data);
        RuntimeCheck.Require(options);

        using var supervisor = new Supervisor(Services.Plan(options), data, options.Verbose);
        // Registered before the first process starts: an early Ctrl-C must stop what is there.
        using var interrupt = Stop(supervisor, PosixSignal.SIGINT);
        using var terminate = Stop(supervisor, PosixSignal.SIGTERM);
        using var hangUp = Stop(supervisor, PosixSignal.SIGHUP);
        var interrupted = false;
        using var noted = PosixSignalRegistration.Create(PosixSignal.SIGINT, _ => interrupted = true);
        try
        {
            if (!supervisor.StartAll()) return ExitCode.Interrupted;
            Welcome.Print(options, supervisor.Endpoint ?? $"http://{options.Host}:{options.Port}", clock.Elapsed);
            supervisor.Watch();
            // A service manager stops with SIGTERM and takes anything but 0 for a failure; a shell expects 130 after Ctrl-C.
            return interrupted ? ExitCode.Interrupted : ExitCode.Ok;
        }
        finally
        {
            supervisor.StopAll();
            Leftovers.RemoveSockets(data);
        }
    }

    /// <summary>
    /// What systemd's units need before they start, and again before each restart of the spawner: the data directory in order, the programs and runtime clients of
    /// this version in it. Ends nothing and touches no socket: the other two units may be running.
    /// </summary>
    public static int Prepare(UpOptions options)
    {
        var source = Check(options.DataDirectory);
        // Only for the moment: it says that no `up` runs on this directory.
        using var nodeLock = NodeLock.Take(options.DataDirectory);
        source.CopyTo(options.DataDirectory);
        Console.Out.WriteLine($"hearth: {options.DataDirectory} is prepared");
        return ExitCode.Ok;
    }

    private static InstalledFiles Check(string data)
    {
        Syscall.umask(FilePermissions.S_IWGRP | FilePermissions.S_IWOTH);
        RequiredTools.Check();
        var source = InstalledFiles.Find();
        FileSystemCheck.Require(data);
        DataDirectory.Create(data);
        return source;
    }

    private static PosixSignalRegistration Stop(Supervisor supervisor, PosixSignal signal) => PosixSignalRegistration.Create(signal, context =>
    {
        context.Cancel = true;
        supervisor.RequestStop();
    });
}
