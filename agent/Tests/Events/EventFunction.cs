using Hearth.Agent.Tests.Fakes;

namespace Hearth.Agent.Tests.Events;

/// <summary>A function that notes each of its runs in a file, and stays in it until it may go on.</summary>
internal sealed class EventFunction : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-events-").FullName;

    private string RunsFile => Path.Join(_folder, "runs");

    /// <summary>Request ids that it saw, one for each run.</summary>
    public string[] Runs => File.Exists(RunsFile) ? File.ReadAllLines(RunsFile) : [];

    /// <param name="waits">It stays until <see cref="GoOn"/>.</param>
    public async Task DeployAsync(TestNode node, string name = "f", bool waits = false)
    {
        if (!waits)
            GoOn();
        await node.DeployAsync(name, $"""
            import os, time
            def handler(event, context):
                with open("{RunsFile}", "a") as runs:
                    runs.write(context.aws_request_id + "\n")
                while not os.path.exists("{_folder}/go-on"):
                    time.sleep(0.005)
                return context.aws_request_id
            """);
    }

    public void GoOn() => File.WriteAllText(Path.Join(_folder, "go-on"), "");

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
