namespace Hearth.Agent.Tests.Runtimes;

/// <summary>The part of Lambda's environment that the clients read.</summary>
internal static class RuntimeEnvironment
{
    public static Dictionary<string, string> For(RuntimeLanguage language, params (string Name, string Value)[] more)
    {
        var environment = new Dictionary<string, string>
        {
            ["AWS_EXECUTION_ENV"] = language.Name == "python" ? "AWS_Lambda_python3.13" : "AWS_Lambda_" + language.Name,
            ["AWS_LAMBDA_FUNCTION_NAME"] = "cases",
            ["AWS_LAMBDA_FUNCTION_VERSION"] = "$LATEST",
            ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] = "256",
            ["AWS_LAMBDA_LOG_GROUP_NAME"] = "/aws/lambda/cases",
            ["AWS_LAMBDA_LOG_STREAM_NAME"] = "2026/01/01/[$LATEST]0123456789abcdef0123456789abcdef",
            ["LAMBDA_TASK_ROOT"] = language.TaskRoot,
            ["TZ"] = ":UTC",
            ["PATH"] = "/usr/bin:/bin",
        };
        foreach (var (name, value) in more)
            environment[name] = value;
        return environment;
    }
}
