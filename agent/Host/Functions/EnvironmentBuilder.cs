using System.Globalization;
using Hearth.Agent.Spawning;

namespace Hearth.Agent.Functions;

/// <summary>
/// The whole environment of a handler, as recorded from AWS (lambda_init_environment, python3.13, nodejs22.x and provided.al2023, February 2026).
/// The credentials are placeholders: programs that only look whether they are set behave as on AWS, and no call can be signed by mistake.
/// </summary>
internal static class EnvironmentBuilder
{
    private const string LibraryPath = "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib";

    // Debian keeps node and python below /usr/bin; /var/lang exists on AWS only but costs nothing to search.
    private const string SearchPath = "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin";

    /// <param name="function">What runs.</param>
    /// <param name="logStream">Lambda's name of the instance's log stream.</param>
    /// <param name="isProvisioned">Started ahead, by provisioned concurrency.</param>
    /// <param name="behindAdapter">The adapter gets it first.</param>
    public static Dictionary<string, string> Build(FunctionRevision function, string logStream, bool isProvisioned = false, bool behindAdapter = false)
    {
        var spec = function.Spec;
        var environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["AWS_ACCESS_KEY_ID"] = "hearth",
            ["AWS_SECRET_ACCESS_KEY"] = "hearth",
            ["AWS_SESSION_TOKEN"] = "hearth",
            ["AWS_REGION"] = function.Region,
            ["AWS_DEFAULT_REGION"] = function.Region,
            ["AWS_LAMBDA_FUNCTION_NAME"] = spec.FunctionName,
            ["AWS_LAMBDA_FUNCTION_VERSION"] = spec.Version,
            ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = spec.MemoryMb.ToString(CultureInfo.InvariantCulture),
            ["AWS_LAMBDA_INITIALIZATION_TYPE"] = isProvisioned ? "provisioned-concurrency" : "on-demand",
            ["AWS_LAMBDA_LOG_GROUP_NAME"] = "/aws/lambda/" + spec.FunctionName,
            ["AWS_LAMBDA_LOG_STREAM_NAME"] = logStream,
            ["AWS_LAMBDA_RUNTIME_API"] = "169.254.100.1:9001",
            ["AWS_XRAY_CONTEXT_MISSING"] = "LOG_ERROR",
            ["AWS_XRAY_DAEMON_ADDRESS"] = "169.254.100.1:2000",
            ["_AWS_XRAY_DAEMON_ADDRESS"] = "169.254.100.1",
            ["_AWS_XRAY_DAEMON_PORT"] = "2000",
            ["LAMBDA_RUNTIME_DIR"] = "/var/runtime",
            ["LAMBDA_TASK_ROOT"] = "/var/task",
            ["LANG"] = "en_US.UTF-8",
            ["TZ"] = ":UTC",
            ["PATH"] = SearchPath,
            ["LD_LIBRARY_PATH"] = LibraryPath,
            ["_HANDLER"] = spec.Handler,
        };
        // For the adapter, which tells extensions and keeps it from the function.
        if (behindAdapter || function.Runtime == RuntimeKind.Provided)
            environment["_HEARTH_ACCOUNT_ID"] = function.AccountId;
        AddRuntime(environment, function);
        // The function's own settings win. Names that Lambda reserves never get here: the control plane refuses them (EnvironmentRules).
        foreach (var (name, value) in spec.Environment)
            environment[name] = value;
        return environment;
    }

    private static void AddRuntime(Dictionary<string, string> environment, FunctionRevision function)
    {
        if (function.Runtime == RuntimeKind.Provided)
            return;
        environment["AWS_EXECUTION_ENV"] = "AWS_Lambda_" + function.Spec.Runtime;
        environment["PWD"] = "/var/task";
        environment["SHLVL"] = "0";
        switch (function.Runtime)
        {
            case RuntimeKind.Python:
                environment["PYTHONPATH"] = "/var/runtime";
                environment["LC_CTYPE"] = "C.UTF-8";
                break;
            case RuntimeKind.NodeJs:
                var major = new string([.. function.Spec.Runtime.Where(char.IsAsciiDigit)]);
                var own = major.Length == 0 ? "" : $"/opt/nodejs/node{major}/node_modules:";
                environment["NODE_PATH"] = own + "/opt/nodejs/node_modules:/var/runtime/node_modules:/var/runtime:/var/task";
                break;
        }
    }
}
