using System.Diagnostics;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>AWS's clients from npm, as clients/fetch.sh gets them.</summary>
internal static class Clients
{
    /// <summary>The folder that holds node_modules.</summary>
    public static Task<string> FolderAsync() => FetchAsync("native-tests/EndToEnd/clients/fetch.sh");

    /// <summary>AWS's runtime clients for Node.js: the folder that holds aws-lambda-ric-3 and -4.</summary>
    public static Task<string> RuntimesAsync()
    {
        Needs.Program("/usr/bin/g++", "g++");
        Needs.Program("/usr/bin/make", "make");
        return FetchAsync("native-tests/EndToEnd/clients/fetch-runtimes.sh");
    }

    /// <param name="script">Prints as its last line where it has put what it fetched.</param>
    public static async Task<string> FetchAsync(string script)
    {
        Needs.Program("/usr/bin/node", "nodejs");
        Needs.Program("/usr/bin/npm", "npm");
        var (code, output) = await Cli.RunAsync(new ProcessStartInfo(Path.Combine(RootImages.Repository(), script)));
        // Where npm gives nothing that is so; what it gave must work.
        if (code != 0 && (output.Contains("npm ERR!", StringComparison.Ordinal) || output.Contains("npm error", StringComparison.Ordinal)))
            Assert.Skip($"needs packages from npm: {output.TrimEnd().Split('\n')[^1]}");
        Assert.True(code == 0, $"{script}: {code}\n{output}");
        return output.TrimEnd().Split('\n')[^1];
    }

    /// <summary>Node.js with those packages, told where the node is as an AWS client is.</summary>
    public static ProcessStartInfo Node(string folder, Uri endpoint, params string[] arguments)
    {
        var start = new ProcessStartInfo("/usr/bin/node", ["--no-warnings", .. arguments]);
        start.Environment["NODE_PATH"] = Path.Combine(folder, "node_modules");
        start.Environment["AWS_ENDPOINT_URL"] = endpoint.ToString().TrimEnd('/');
        start.Environment["AWS_ACCESS_KEY_ID"] = "AKIDTEST";
        start.Environment["AWS_SECRET_ACCESS_KEY"] = "secret";
        start.Environment["AWS_REGION"] = "us-east-1";
        start.Environment["SLS_TELEMETRY_DISABLED"] = "1";
        return start;
    }

    public static string Script(string name) => Path.Combine(AppContext.BaseDirectory, "EndToEnd", "clients", name);
}
