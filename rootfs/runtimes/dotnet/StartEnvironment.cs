using System.Text;

namespace Hearth.Runtime;

/// <summary>The handler's environment, and the one exec for variables that only work when they are there as the process starts.</summary>
internal static class StartEnvironment
{
    private const string Mark = "_HEARTH_REEXEC";

    /// <summary>Set when a script of the function's has started this process: what it left in the environment is the function's, but for the names that are listed here.</summary>
    private const string Wrapped = "_HEARTH_WRAPPED";
    private static readonly string[] s_prefixes = ["LD_", "DOTNET_", "COMPlus_", "CORECLR_", "COREHOST_", "MALLOC_"];
    private static readonly HashSet<string> s_names = ["GLIBC_TUNABLES", "SSL_CERT_DIR", "SSL_CERT_FILE", "OPENSSL_CONF"];
    private static readonly HashSet<string> s_systemFolders =
        ["", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/var/runtime", "/var/runtime/lib", "/var/lang/lib"];

    /// <summary>Handler and environment as AWS_LAMBDA_EXEC_WRAPPER left them, or as they are when there was no such script.</summary>
    public static InitRequest AsWrapped(InitRequest init)
    {
        var now = OfThisProcess();
        if (!now.TryGetValue(Wrapped, out var hidden))
            return init;
        foreach (var name in hidden.Split(',').Append(Mark))
            now.Remove(name);
        return new InitRequest(now.GetValueOrDefault("_HANDLER", init.Handler), now);
    }

    /// <summary>Applies it, after an exec of this process when a variable needs one.</summary>
    public static void Apply(Dictionary<string, string> wanted)
    {
        var now = OfThisProcess();
        if (!now.ContainsKey(Mark) && wanted.Any(e => NeedsExec(e.Key, e.Value, now.GetValueOrDefault(e.Key, ""))))
            ExecuteAgain(now, wanted);
        wanted.Remove(Mark);
        // Both of them: .NET keeps a copy of its own, native libraries ask libc.
        Native.ReplaceEnvironment(wanted);
        foreach (System.Collections.DictionaryEntry entry in Environment.GetEnvironmentVariables())
        {
            if (!wanted.ContainsKey((string)entry.Key))
                Environment.SetEnvironmentVariable((string)entry.Key, null);
        }
        foreach (var (name, value) in wanted)
            Environment.SetEnvironmentVariable(name, value);
    }

    private static bool NeedsExec(string name, string value, string now)
    {
        if (now == value || !(s_names.Contains(name) || s_prefixes.Any(p => name.StartsWith(p, StringComparison.Ordinal))))
            return false;
        return name != "LD_LIBRARY_PATH" || !LibraryFolders(now).SequenceEqual(LibraryFolders(value));
    }

    /// <summary>The folders of LD_LIBRARY_PATH that the loader would not search anyway and that hold a shared library.</summary>
    private static IEnumerable<string> LibraryFolders(string path) =>
        path.Split(':').Where(f => !s_systemFolders.Contains(f.TrimEnd('/')) && Directory.Exists(f) && Directory.EnumerateFiles(f, "*.so*").Any());

    private static void ExecuteAgain(Dictionary<string, string> now, Dictionary<string, string> wanted)
    {
        foreach (var (name, value) in wanted)
            now[name] = value;
        now[Mark] = "1";
        // Its Init is here: the new process has nothing to rehearse for.
        now.Remove("HEARTH_WARMED");
        var host = Environment.ProcessPath ?? "/usr/bin/dotnet";
        Native.Execute(host, [host, .. Arguments()], now);
        throw new IOException($"{host} could not be executed again.");
    }

    private static IEnumerable<string> Arguments() => File.ReadAllText("/proc/self/cmdline").Split('\0', StringSplitOptions.RemoveEmptyEntries).Skip(1);

    private static Dictionary<string, string> OfThisProcess()
    {
        var environment = new Dictionary<string, string>();
        foreach (var entry in Encoding.UTF8.GetString(File.ReadAllBytes("/proc/self/environ")).Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var equals = entry.IndexOf('=', StringComparison.Ordinal);
            if (equals > 0)
                environment[entry[..equals]] = entry[(equals + 1)..];
        }
        return environment;
    }
}
