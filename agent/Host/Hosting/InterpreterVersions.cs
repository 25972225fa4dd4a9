using System.Collections.Concurrent;
using System.Diagnostics;

namespace Hearth.Agent.Hosting;

/// <summary>
/// The version that an interpreter says it has. Asked once for each state of its file (of what a link leads to), so that no start waits for it; one that did not run is
/// asked again after a minute, since what it lacked may lie elsewhere.
/// </summary>
internal sealed class InterpreterVersions(TimeProvider time)
{
    private static readonly TimeSpan s_failureKept = TimeSpan.FromMinutes(1);

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    /// <summary>After which one that does not answer is killed. Default 5 s.</summary>
    public TimeSpan Limit { get; init; } = TimeSpan.FromSeconds(5);

    /// <returns>"3.11.2"; or "" and why there is none.</returns>
    public (string Version, string Why) Of(string language, string file)
    {
        var target = Target(file);
        if (!target.Exists)
            return ("", "there is no such file");
        if (_known.TryGetValue(file, out var known) && known.IsOf(target) && !(known.Answer is { IsValueCreated: true, Value.Version: "" } && time.GetElapsedTime(known.Since) >= s_failureKept))
            return known.Answer.Value;
        // Whoever comes meanwhile waits for the same answer.
        var fresh = new Known(target.LastWriteTimeUtc, target.Length, time.GetTimestamp(), new(() => Ask(language, file)));
        if (known is null)
            fresh = _known.GetOrAdd(file, fresh);
        else if (!_known.TryUpdate(file, fresh, known) && _known.TryGetValue(file, out var others))
            fresh = others;
        return fresh.Answer.Value;
    }

    private static FileInfo Target(string file)
    {
        var info = new FileInfo(file);
        try
        {
            return info.ResolveLinkTarget(returnFinalTarget: true) as FileInfo ?? info;
        }
        catch (IOException)
        {
            // Links without end, or through what is none of ours.
            return new FileInfo("/dev/null/none");
        }
    }

    private (string Version, string Why) Ask(string language, string file)
    {
        try
        {
            var start = new ProcessStartInfo(file, language == "dotnet" ? "--list-runtimes" : "--version") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            // Both, each on a thread of its own: one that fills the pipe nobody reads would never end.
            var output = Task.Run(() => Read(process.StandardOutput));
            var errors = Task.Run(() => Read(process.StandardError));
            if (!Task.WaitAll([output, errors], Limit) || !process.WaitForExit(Limit))
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit(Limit);
                return ("", $"it has not said its version within {Limit.TotalSeconds:0.#} s");
            }

            var version = process.ExitCode == 0 ? VersionIn(language, output.Result) : "";
            return (version, version.Length > 0 ? "" : Why(process.ExitCode, errors.Result));
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return ("", e.Message);
        }
    }

    private static string Why(int code, string errors)
    {
        var said = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return said is null ? $"asked for its version it ends with code {code} and says none" : $"asked for its version it ends with code {code}: {said}";
    }

    // "Python 3.11.2", "v20.19.2", and of dotnet the newest of "Microsoft.NETCore.App 10.0.1 [/usr/share/...]", oldest first.
    private static string VersionIn(string language, string output)
    {
        var lines = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var line = language == "dotnet" ? lines.LastOrDefault(static one => one.StartsWith("Microsoft.NETCore.App ", StringComparison.Ordinal)) : lines.FirstOrDefault();
        var words = (line ?? "").Split(' ');
        return words.Length > 1 ? words[1] : words[0].TrimStart('v');
    }

    /// <summary>All of it is taken, the first 16,384 characters are kept.</summary>
    private static string Read(StreamReader from)
    {
        var kept = new char[16_384];
        var more = new char[1_024];
        var length = from.ReadBlock(kept);
        while (length == kept.Length && from.Read(more) > 0)
        {
        }

        return new string(kept, 0, length);
    }

    private sealed record Known(DateTime Written, long Length, long Since, Lazy<(string Version, string Why)> Answer)
    {
        public bool IsOf(FileInfo file) => file.LastWriteTimeUtc == Written && file.Length == Length;
    }
}
