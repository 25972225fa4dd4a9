using System.Diagnostics;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Event invoke configurations, written where the API keeps them.</summary>
internal static class EventConfig
{
    private const string Script = """
        import sqlite3, sys
        database = sqlite3.connect(sys.argv[1], timeout=30)
        database.execute('''CREATE TABLE IF NOT EXISTS event_invoke_configs (function TEXT NOT NULL, qualifier TEXT NOT NULL, maximum_retry_attempts INTEGER,
          maximum_event_age INTEGER, on_success TEXT, on_failure TEXT, last_modified INTEGER NOT NULL, PRIMARY KEY (function, qualifier))''')
        database.execute('''INSERT OR REPLACE INTO event_invoke_configs (function, qualifier, maximum_retry_attempts, maximum_event_age, on_success, on_failure, last_modified)
          VALUES (?, '$LATEST', ?, NULL, ?, ?, 0)''', (sys.argv[2], int(sys.argv[3]), sys.argv[4] or None, sys.argv[5] or None))
        database.commit()
        """;

    /// <param name="onSuccess">A function's name, or "".</param>
    /// <param name="onFailure">A function's name, or "".</param>
    public static async Task PutAsync(TestNode node, string function, int maxRetries, string onSuccess = "", string onFailure = "")
    {
        var start = new ProcessStartInfo("/usr/bin/python3", ["-I", "-c", Script, Path.Combine(node.Data, "control", "hearth.db"), function, $"{maxRetries}", Arn(onSuccess), Arn(onFailure)]);
        var (code, output) = await Cli.RunAsync(start);
        Assert.True(code == 0, output);
        // The control plane looks once a second.
        await Task.Delay(1_500, TestContext.Current.CancellationToken);
    }

    private static string Arn(string function) => function.Length == 0 ? "" : $"arn:aws:lambda:us-east-1:000000000000:function:{function}";
}
