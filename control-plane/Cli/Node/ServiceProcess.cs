using System.Diagnostics;
using System.Globalization;
using Mono.Unix.Native;

namespace Hearth.Cli.Node;

/// <summary>
/// One running process of the node. Its command line is <c>setsid setpriv ... program</c>:
/// a session of its own, so that Ctrl-C in the terminal reaches only <c>up</c>, which then stops the processes in order;
/// its user, no capability, no_new_privs (the spawner keeps root);
/// and PDEATHSIG, set by setpriv after the change of user (which clears it), so that kill -9 of <c>up</c> ends it too.
/// The kernel ties PDEATHSIG to the *thread* that forked: only the main thread may start these.
/// </summary>
internal sealed class ServiceProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task _read;

    private ServiceProcess(Process process, Task read)
    {
        _process = process;
        _read = read;
    }

    public int Pid => _process.Id;

    public static ServiceProcess Start(Service service, string data, ServiceLog log, Action<string> line, Action<int> exited)
    {
        var start = new ProcessStartInfo(RequiredTools.SetSid)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            // Small on purpose: ASP.NET's host takes it for its content root.
            WorkingDirectory = Path.Combine(data, "bin"),
        };
        foreach (var argument in CommandLine(service, data)) start.ArgumentList.Add(argument);
        // Nothing of the operator's shell: ASPNETCORE_URLS or DOTNET_* would change what the processes do.
        start.Environment.Clear();
        start.Environment["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        start.Environment["LANG"] = "C.UTF-8";
        // No process of a node has a configuration file to watch.
        start.Environment["DOTNET_hostBuilder__reloadConfigOnChange"] = "false";
        foreach (var passed in (string[])["DOTNET_ROOT", "HEARTH_TRACE", .. service.Environment])
            if (Environment.GetEnvironmentVariable(passed) is { Length: > 0 } value) start.Environment[passed] = value;

        var process = new Process { StartInfo = start, EnableRaisingEvents = true };
        process.Exited += (_, _) => exited(process.ExitCode);
        process.Start();
        process.StandardInput.Close();
        var output = Task.Run(() => BoundedLines.ReadAsync(process.StandardOutput, text =>
        {
            log.Write(text);
            line(text);
        }));
        var error = Task.Run(() => BoundedLines.ReadAsync(process.StandardError, log.Write));
        return new ServiceProcess(process, Task.WhenAll(output, error));
    }

    private static IEnumerable<string> CommandLine(Service service, string data)
    {
        yield return RequiredTools.SetPriv;
        yield return "--pdeathsig";
        yield return "TERM";
        if (service.User != Accounts.Root)
        {
            var user = service.User.ToString(CultureInfo.InvariantCulture);
            yield return "--reuid=" + user;
            yield return "--regid=" + user;
            yield return service.ExtraGroup is { } group ? "--groups=" + group.ToString(CultureInfo.InvariantCulture) : "--clear-groups";
            yield return "--no-new-privs";
            yield return "--inh-caps=-all";
            yield return "--bounding-set=-all";
        }
        yield return Path.Combine(data, "bin", service.Name);
        foreach (var argument in service.Arguments) yield return argument;
    }

    public void Signal(Signum signal)
    {
        if (!_process.HasExited) _ = Syscall.kill(_process.Id, signal);
    }

    /// <summary>After its end: waits, at most ten seconds, until all it printed has been read.</summary>
    /// <remarks>If something it started still holds its stderr, what was read must do.</remarks>
    public void Drain() => _read.Wait(TimeSpan.FromSeconds(10));

    public void Dispose() => _process.Dispose();
}
