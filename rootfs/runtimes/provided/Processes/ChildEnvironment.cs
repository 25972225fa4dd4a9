using System.Globalization;

namespace Hearth.Adapter.Processes;

/// <summary>What of the function's environment each kind of process gets.</summary>
internal static class ChildEnvironment
{
    private const string Own = "_HEARTH_";

    /// <summary>AWS keeps these from extensions, and whatever begins with an underscore (DG22, runtimes-extensions-api; RIE, env/environment.go).</summary>
    private static readonly HashSet<string> s_runtimeOnly =
    [
        "AWS_EXECUTION_ENV", "AWS_LAMBDA_LOG_GROUP_NAME", "AWS_LAMBDA_LOG_STREAM_NAME", "LAMBDA_TASK_ROOT", "LAMBDA_RUNTIME_DIR", "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS",
    ];

    public static Dictionary<string, string> OfRuntime(IReadOnlyDictionary<string, string> all, int port) => Choose(all, port, static _ => true);

    public static Dictionary<string, string> OfExtension(IReadOnlyDictionary<string, string> all, int port) =>
        Choose(all, port, static name => name[0] != '_' && !s_runtimeOnly.Contains(name));

    private static Dictionary<string, string> Choose(IReadOnlyDictionary<string, string> all, int port, Func<string, bool> wanted)
    {
        var chosen = new Dictionary<string, string>(all.Count);
        foreach (var (name, value) in all)
        {
            if (name.Length > 0 && !name.StartsWith(Own, StringComparison.Ordinal) && wanted(name))
                chosen[name] = value;
        }
        chosen["AWS_LAMBDA_RUNTIME_API"] = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}");
        return chosen;
    }
}
