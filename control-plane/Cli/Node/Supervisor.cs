using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Mono.Unix.Native;

namespace Hearth.Cli.Node;

/// <summary>
/// Starts the processes one after the other, restarts one that dies, stops them in order. One loop on the main thread; see
/// <see cref="ServiceProcess"/> for why it must be that thread.
/// </summary>
internal sealed class Supervisor : IDisposable
{
    // Only ends a start that hangs: a machine under emulation or at its limit has been seen to need more than 30 s.
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(120);
    // Longer than the 10 s for which the agent lets running invocations finish.
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(15);

    private static readonly TimeSpan SameKeystroke = TimeSpan.FromMilliseconds(500);

    private readonly BlockingCollection<SupervisorEvent> _events = [];
    private readonly List<Supervised> _services;
    private readonly string _data;
    private readonly TimeProvider _clock = TimeProvider.System;
    private volatile bool _stopRequested;
    private volatile bool _impatient;
    private long _firstStop;

    public Supervisor(IReadOnlyList<Service> services, string data, bool verbose)
    {
        _data = data;
        _services = [.. services.Select(service => new Supervised(service, new ServiceLog(data, service.Name, verbose), _clock))];
    }

    /// <summary>The address that the agent named in its ready line.</summary>
    public string? Endpoint { get; private set; }

    /// <summary>From a signal handler: the first asks for an orderly end, the second for an immediate one.</summary>
    public void RequestStop()
    {
        // sudo and a terminal may both deliver one Ctrl-C: only a later one means haste.
        if (!_stopRequested) _firstStop = _clock.GetTimestamp();
        else if (_clock.GetElapsedTime(_firstStop) > SameKeystroke) _impatient = true;
        _stopRequested = true;
        try
        {
            _events.Add(new SupervisorEvent.StopRequested());
        }
        catch (ObjectDisposedException)
        {
            // Already over.
        }
    }

    /// <returns>False when a stop was asked for meanwhile.</returns>
    /// <exception cref="CliException">A process ended, or was not ready in time; its last lines are in the message.</exception>
    public bool StartAll()
    {
        foreach (var service in _services)
        {
            Start(service);
            if (!AwaitReady(service)) return false;
        }
        return true;
    }

    /// <summary>Returns when a stop is asked for.</summary>
    public void Watch()
    {
        while (!_stopRequested)
        {
            var due = _services.Min(service => service.RestartAt);
            if (!Take(due, out var next))
            {
                foreach (var service in _services.Where(service => service.RestartAt <= _clock.GetUtcNow())) Start(service);
                continue;
            }
            Handle(next);
        }
    }

    public void StopAll()
    {
        foreach (var name in Services.StopOrder)
        {
            if (_services.Find(one => one.Service.Name == name) is not { } service) continue;
            if (service.Process is not null) Stop(service);
            if (name == Services.Spawner && !service.EndedWell) SweepForSpawner();
        }
    }

    /// <summary>The spawner died, before the stop or at it: its groups would stay. The same program removes them and ends.</summary>
    private void SweepForSpawner()
    {
        using var sweep = System.Diagnostics.Process.Start(Path.Combine(_data, "bin", Services.Spawner), ["--data", _data, "--sweep"]);
        if (!sweep.WaitForExit(2 * StopLimit)) sweep.Kill();
    }

    private void Start(Supervised service)
    {
        service.RestartAt = DateTimeOffset.MaxValue;
        service.EndedWell = false;
        service.BackOff.Started();
        service.Log.ForgetTail();
        var name = service.Service.Name;
        // Both callbacks may come before Start returns, so neither looks at service.Process.
        var pid = new TaskCompletionSource<int>();
        service.Process = ServiceProcess.Start(service.Service, _data, service.Log,
            line => { if (line.StartsWith(service.Service.ReadyLine, StringComparison.Ordinal)) Post(new SupervisorEvent.Ready(name, line)); },
            code => Post(new SupervisorEvent.Exited(name, pid.Task.Result, code)));
        pid.SetResult(service.Process.Pid);
    }

    private bool AwaitReady(Supervised service)
    {
        var limit = _clock.GetUtcNow() + ReadyLimit;
        while (!_stopRequested && Take(limit, out var next))
        {
            switch (next)
            {
                case SupervisorEvent.Ready ready when ready.Service == service.Service.Name:
                    Handle(next);
                    return true;
                case SupervisorEvent.Exited exited when exited.Service == service.Service.Name:
                    service.Process?.Drain();
                    Forget(service);
                    throw NotStarted(service, ExitText(exited.ExitCode));
                default:
                    Handle(next);
                    break;
            }
        }
        return _stopRequested ? false : throw NotStarted(service, $"said nothing for {ReadyLimit.TotalSeconds:0} s");
    }

    private void Handle(SupervisorEvent next)
    {
        if (next is SupervisorEvent.Ready ready)
        {
            _services.Find(one => one.Service.Name == ready.Service)?.BackOff.Ready();
            if (ready.Service == Services.Agent) Endpoint = VisibleText.Line(ready.Line.Split(' ')[^1]);
        }
        if (next is not SupervisorEvent.Exited exited) return;
        var service = _services.Find(one => one.Service.Name == exited.Service && one.Process?.Pid == exited.Pid);
        if (service is null) return;
        Forget(service);
        var delay = service.BackOff.Next();
        service.RestartAt = _clock.GetUtcNow() + delay;
        Console.Error.WriteLine($"hearth: {exited.Service} {ExitText(exited.ExitCode)}; restarting it{(delay > TimeSpan.Zero ? $" in {delay.TotalSeconds:0.#} s" : "")} (log: {service.Log.FilePath})");
    }

    private void Stop(Supervised service)
    {
        service.Process!.Signal(Signum.SIGTERM);
        var limit = _clock.GetUtcNow() + StopLimit;
        while (service.Process is not null)
        {
            if ((!Take(limit, out var next) || _impatient) && limit != DateTimeOffset.MaxValue)
            {
                Console.Error.WriteLine($"hearth: {service.Service.Name} does not end; killing it");
                service.Process.Signal(Signum.SIGKILL);
                limit = DateTimeOffset.MaxValue;
            }
            if (next is SupervisorEvent.Exited exited && _services.Find(one => one.Process?.Pid == exited.Pid) is { } ended)
            {
                ended.EndedWell = exited.ExitCode == 0;
                Forget(ended);
            }
        }
    }

    private static void Forget(Supervised service)
    {
        service.Process?.Dispose();
        service.Process = null;
    }

    private bool Take(DateTimeOffset until, [NotNullWhen(true)] out SupervisorEvent? next)
    {
        var left = until == DateTimeOffset.MaxValue ? Timeout.InfiniteTimeSpan : until - _clock.GetUtcNow();
        if (left < TimeSpan.Zero && left != Timeout.InfiniteTimeSpan) left = TimeSpan.Zero;
        return _events.TryTake(out next, left);
    }

    private void Post(SupervisorEvent next)
    {
        try
        {
            _events.Add(next);
        }
        catch (ObjectDisposedException)
        {
            // The node is already over.
        }
    }

    private static CliException NotStarted(Supervised service, string how)
    {
        foreach (var line in service.Log.Tail()) Console.Error.WriteLine($"  {service.Service.Name} | {VisibleText.Line(line)}");
        return CliException.Failed(service.Service.Name, $"did not start: it {how}", $"its last lines are above, all of them in {service.Log.FilePath}; check the machine with: hearth doctor");
    }

    private static string ExitText(int code) => code > 128 ? $"was ended by signal {code - 128}" : $"ended with code {code}";

    public void Dispose()
    {
        foreach (var service in _services)
        {
            Forget(service);
            service.Log.Dispose();
        }
        _events.Dispose();
    }

    private sealed class Supervised(Service service, ServiceLog log, TimeProvider clock)
    {
        public Service Service { get; } = service;

        public ServiceLog Log { get; } = log;

        public BackOff BackOff { get; } = new(clock);

        public ServiceProcess? Process { get; set; }

        /// <summary>It stopped by itself when asked, so it left nothing.</summary>
        public bool EndedWell { get; set; }

        public DateTimeOffset RestartAt { get; set; } = DateTimeOffset.MaxValue;
    }
}
