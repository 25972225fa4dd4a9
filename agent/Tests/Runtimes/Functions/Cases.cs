using System.Diagnostics;
using System.Text.Json;

namespace Hearth.Agent.Tests.Runtimes.Functions;

/// <summary>The functions that the runtime tests call; cases.py and cases.js are the same ones in the other languages. This test assembly is their package.</summary>
public sealed class Cases
{
    private int _calls;

    public static Dictionary<string, string> Hello(Person person) => new() { ["message"] = "Hello " + person.Name };

    public static JsonElement Echo(JsonElement value) => value;

    public int Count() => ++_calls;

    public static string Large(int length) => new('x', length);

    public static void Fail() => throw new InvalidOperationException("boom\nsecond line", new TimeoutException("inner"));

    public static object Unserializable() => new { Pointer = new IntPtr(1) };

    public static void Leave(int code) => Environment.Exit(code);

    public static void Logs(JsonElement value)
    {
        Console.WriteLine("printed héllo");
        Console.Error.WriteLine("to stderr");
        Console.WriteLine($"logged {value}");
        Console.Write("no line end");
    }

    public static Dictionary<string, object?> Surroundings() => new()
    {
        ["variables"] = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().ToDictionary(v => (string)v.Key, v => (string?)v.Value),
        ["folder"] = Directory.GetCurrentDirectory(),
    };

    public static Dictionary<string, object?> Fields(JsonElement value, Amazon.Lambda.Core.ILambdaContext context)
    {
        context.Logger.LogWarning("from {0}", "the logger");
        return new()
        {
            ["requestId"] = context.AwsRequestId,
            ["functionName"] = context.FunctionName,
            ["functionVersion"] = context.FunctionVersion,
            ["arn"] = context.InvokedFunctionArn,
            ["memory"] = context.MemoryLimitInMB,
            ["logGroup"] = context.LogGroupName,
            ["logStream"] = context.LogStreamName,
            ["tenant"] = context.TenantId,
            ["identity"] = context.Identity.IdentityId,
            ["app"] = context.ClientContext.Client.AppTitle,
            ["custom"] = context.ClientContext.Custom["k"],
            ["remaining"] = (long)context.RemainingTime.TotalMilliseconds,
            ["trace"] = Environment.GetEnvironmentVariable("_X_AMZN_TRACE_ID"),
        };
    }

    public static System.Collections.IDictionary EnvironmentOf() => Environment.GetEnvironmentVariables();

    public static string Children()
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/ls", ["-l", "/proc/self/fd"]) { RedirectStandardOutput = true })!;
        return process.StandardOutput.ReadToEnd();
    }

    public static async Task<string> Later(int milliseconds)
    {
        await Task.Delay(milliseconds);
        return "later";
    }

    public static async ValueTask<Person> Valued(Person person)
    {
        await Task.Yield();
        return person with { Name = person.Name.ToUpperInvariant() };
    }

    public static async Task Nothing() => await Task.Yield();

    public static async Task<Stream> Streams(Stream input)
    {
        var output = new MemoryStream();
        await input.CopyToAsync(output);
        output.Position = 0;
        return output;
    }

    public static string OnlyContext(OwnContext context) => $"{context.AwsRequestId} {context.MemoryLimitInMB} {context.RemainingTime > TimeSpan.Zero}";

    public static string Overloaded(string a) => a;

    public static string Overloaded(int a) => $"{a}";

    public static async void AsyncVoid() => await Task.Yield();
}

public sealed record Person(string Name, int? Age = null);

/// <summary>A context without any package: properties of the right names are enough.</summary>
public sealed class OwnContext
{
    public string AwsRequestId { get; set; } = "";

    public int MemoryLimitInMB { get; set; }

    public TimeSpan RemainingTime { get; set; }
}

public sealed class Failing
{
    public Failing() => throw new NotSupportedException("constructor");

    public string Handle() => ToString()!;
}
