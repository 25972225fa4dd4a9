using Hearth.Agent.Tests.Runtimes.Adapter;
using Xunit;

namespace Hearth.Agent.Tests.Runtimes;

/// <summary>How a runtime client is started outside a sandbox, and what its handlers are called.</summary>
public sealed record RuntimeLanguage(string Name, string Executable, string[] Arguments, Func<string, string> Handler)
{
    private static readonly string s_runtimes = Path.Combine(AppContext.BaseDirectory, "runtimes");

    public static RuntimeLanguage Python { get; } =
        new("python", "/usr/bin/python3", ["-S", "-I", Path.Combine(s_runtimes, "python", "bootstrap.py")], n => "cases." + n);

    public static RuntimeLanguage NodeJs { get; } =
        new("nodejs", "/usr/bin/node", [Path.Combine(s_runtimes, "nodejs", "index.mjs")], n => "cases." + n);

    public static RuntimeLanguage Dotnet { get; } =
        new("dotnet", "/usr/bin/dotnet", [DotnetClient()], n => $"{TestAssembly}::Hearth.Agent.Tests.Runtimes.Functions.Cases::{char.ToUpperInvariant(n[0])}{n[1..]}");

    public static string TestAssembly { get; } = typeof(RuntimeLanguage).Assembly.GetName().Name!;

    /// <summary>Where python's and node's functions lie, and for .NET this test itself.</summary>
    public string TaskRoot => Name == "dotnet" ? AppContext.BaseDirectory.TrimEnd('/') : Path.Combine(AppContext.BaseDirectory, "functions");

    public static RuntimeLanguage Of(string name) => name switch
    {
        "python" => Python,
        "nodejs" => NodeJs,
        "dotnet" => Dotnet,
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    /// <summary>The same client, started by the adapter as a child of it.</summary>
    public RuntimeLanguage BehindAdapter() =>
        this with { Executable = AdapterSandbox.Program, Arguments = ["--port", "0", "--task", TaskRoot, "--opt", "/no/layers", "--client", Executable, .. Arguments], Interpreter = Executable };

    /// <summary>What the client itself is executed by.</summary>
    public string Interpreter { get; private init; } = Executable;

    public void SkipWhenMissing()
    {
        if (!File.Exists(Interpreter))
            Assert.Skip($"{Name}: {Interpreter} is not installed");
        if (!File.Exists(Executable))
            Assert.Skip($"{Name}: {Executable} was not built");
        if (!File.Exists(Arguments[^1]))
            Assert.Skip($"{Name}: {Arguments[^1]} was not built");
    }

    public override string ToString() => Name;

    /// <summary>Beside the test's own folder, in the layout of the artifacts tree, or copied into it.</summary>
    private static string DotnetClient()
    {
        var copied = Path.Combine(s_runtimes, "dotnet", "Hearth.Runtime.dll");
        if (File.Exists(copied))
            return copied;
        var configuration = Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "../../Hearth.Runtime", configuration, "Hearth.Runtime.dll"));
    }
}
