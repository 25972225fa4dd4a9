using Hearth.Agent.Functions;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Functions;

public sealed class EnvironmentBuilderTests
{
    private static readonly string[] s_everywhere =
    [
        "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "AWS_LAMBDA_INITIALIZATION_TYPE", "AWS_LAMBDA_LOG_GROUP_NAME",
        "AWS_LAMBDA_LOG_STREAM_NAME", "AWS_LAMBDA_RUNTIME_API", "AWS_XRAY_CONTEXT_MISSING", "AWS_XRAY_DAEMON_ADDRESS", "_AWS_XRAY_DAEMON_ADDRESS",
        "_AWS_XRAY_DAEMON_PORT", "LAMBDA_RUNTIME_DIR", "LAMBDA_TASK_ROOT", "LANG", "TZ", "PATH", "LD_LIBRARY_PATH", "_HANDLER",
    ];

    [Theory]
    [InlineData("python", "python3.13", "PYTHONPATH", "/var/runtime")]
    [InlineData("nodejs", "nodejs22.x", "AWS_EXECUTION_ENV", "AWS_Lambda_nodejs22.x")]
    [InlineData("dotnet", "dotnet8", "AWS_EXECUTION_ENV", "AWS_Lambda_dotnet8")]
    public void Every_name_that_AWS_sets_is_there(string language, string runtime, string name, string value)
    {
        var environment = EnvironmentBuilder.Build(Function(language, runtime), "stream");
        Assert.All(s_everywhere, n => Assert.True(environment.ContainsKey(n), n));
        Assert.Equal(value, environment[name]);
        Assert.Equal("256", environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]);
        Assert.Equal("eu-north-1", environment["AWS_REGION"]);
        Assert.Equal("mine", environment["CUSTOM"]);
    }

    /// <summary>The spawner starts a runtime with its sizes; a second value here would make the client exec itself again at every cold start.</summary>
    [Theory]
    [InlineData("nodejs", "nodejs22.x")]
    [InlineData("dotnet", "dotnet8")]
    public void Sizes_of_the_runtime_are_left_to_the_spawner(string language, string runtime)
    {
        var environment = EnvironmentBuilder.Build(Function(language, runtime), "stream");
        Assert.DoesNotContain(environment.Keys, n => n.StartsWith("DOTNET_", StringComparison.Ordinal) || n == "NODE_OPTIONS");
    }

    [Fact]
    public void Provided_has_no_execution_environment() =>
        Assert.False(EnvironmentBuilder.Build(Function("provided", "provided.al2023"), "stream").ContainsKey("AWS_EXECUTION_ENV"));

    [Fact]
    public void Only_who_has_the_adapter_is_told_its_variables()
    {
        Assert.True(EnvironmentBuilder.Build(Function("provided", "provided.al2023"), "stream").ContainsKey("_HEARTH_ACCOUNT_ID"));
        Assert.True(EnvironmentBuilder.Build(Function("python", "python3.13"), "stream", behindAdapter: true).ContainsKey("_HEARTH_ACCOUNT_ID"));
        Assert.False(EnvironmentBuilder.Build(Function("python", "python3.13"), "stream").ContainsKey("_HEARTH_ACCOUNT_ID"));
    }

    private static FunctionRevision Function(string language, string runtime)
    {
        var spec = new FunctionSpec
        {
            FunctionName = "f",
            Version = "$LATEST",
            FunctionArn = "arn:aws:lambda:eu-north-1:000000000000:function:f",
            Language = language,
            Runtime = runtime,
            MemoryMb = 256,
            Handler = "h",
        };
        spec.Environment["CUSTOM"] = "mine";
        return new FunctionRevision(spec);
    }
}
