using Hearth.Adapter.Http;
using Hearth.Adapter.Processes;

namespace Hearth.Adapter.Api;

/// <summary>Where an extension is. The names are in AWS's error messages.</summary>
internal enum ExtensionState
{
    Started,
    Registered,

    /// <summary>It waits for an event.</summary>
    Ready,
    Running,
    InitError,
    ExitError,
}

/// <summary>One extension: a process of its own from /opt/extensions, or a part of the function's process.</summary>
internal sealed class Extension(string name, bool isExternal)
{
    public string Name => name;

    public bool IsExternal => isExternal;

    public Guid Id { get; } = Guid.NewGuid();

    public ExtensionState State { get; set; }

    public bool WantsInvoke { get; set; }

    public bool WantsShutdown { get; set; }

    /// <summary>What it said of itself before it ended.</summary>
    public string? Error { get; set; }

    public ChildProcess? Process { get; set; }

    /// <summary>The request that waits for the next event.</summary>
    public HttpConnection? Waiting { get; set; }

    /// <summary>An event for which it has not asked yet.</summary>
    public byte[]? Pending { get; set; }

    public string Events => string.Join(',', (IEnumerable<string>)[.. WantsInvoke ? ["INVOKE"] : Array.Empty<string>(), .. WantsShutdown ? ["SHUTDOWN"] : Array.Empty<string>()]);

    /// <summary>Gives it an event, now or when it asks.</summary>
    public void Give(byte[] body)
    {
        if (Waiting is not { } connection)
        {
            Pending = body;
            return;
        }
        Waiting = null;
        State = ExtensionState.Running;
        connection.Answer(new HttpAnswer(200, Answers.Json).Header("Lambda-Extension-Event-Identifier", Guid.NewGuid().ToString()), body);
    }
}
