using System.Diagnostics;
using Hearth.NativeTests.Harness;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>The machine's own <c>aws</c> (version 2), pointed at a node as its users do it.</summary>
internal static class BadInputAws
{
    /// <summary>Debian's package, or the snap: Ubuntu has no package of it.</summary>
    private static readonly string Program = !File.Exists("/usr/bin/aws") && File.Exists("/snap/bin/aws") ? "/snap/bin/aws" : "/usr/bin/aws";

    public static void Require() => Needs.Program(Program, "awscli");

    /// <summary>Without the client's own checks of ranges: what the service answers is to be seen.</summary>
    public static async Task<(int Code, string Output)> RunAsync(TestNode node, IEnumerable<string> arguments)
    {
        var config = Path.Combine(node.Data, "aws-config");
        await File.WriteAllTextAsync(config, "[default]\nparameter_validation = false\n");
        var start = new ProcessStartInfo(Program);
        foreach (var argument in (string[])["lambda", .. arguments, "--endpoint-url", node.Endpoint.ToString().TrimEnd('/'), "--cli-binary-format", "raw-in-base64-out"])
            start.ArgumentList.Add(argument);
        foreach (var (name, value) in Environment(node, config))
            start.Environment[name] = value;
        return await Cli.RunAsync(start);
    }

    private static IEnumerable<(string Name, string Value)> Environment(TestNode node, string config) =>
    [
        ("PATH", "/usr/bin:/bin"), ("HOME", node.Data), ("AWS_CONFIG_FILE", config), ("AWS_PAGER", ""), ("AWS_MAX_ATTEMPTS", "1"), ("AWS_EC2_METADATA_DISABLED", "true"),
        ("AWS_DEFAULT_REGION", "us-east-1"), ("AWS_ACCESS_KEY_ID", "x"), ("AWS_SECRET_ACCESS_KEY", "y"), ("PYTHONDONTWRITEBYTECODE", "1"),
    ];
}
