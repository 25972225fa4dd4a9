namespace Hearth.Wire;

/// <summary>Where one runtime process is in its life, as its pipes tell.</summary>
public enum SandboxState
{
    /// <summary>Started; Hello has not come.</summary>
    Starting,

    /// <summary>Hello came; Init is to be written (again, after the re-exec).</summary>
    InitDue,

    /// <summary>Init is written; InitDone, an Error with id 0 or a second Hello may come.</summary>
    Initializing,

    /// <summary>Idle: an Invoke may be written, nothing may come.</summary>
    Ready,

    /// <summary>Invoke is written; its answer may come.</summary>
    Invoking,

    /// <summary>ResponseStart came; Chunks, then ResponseEnd or Error may come.</summary>
    Streaming,

    /// <summary>The answer came; extensions still work on the event, and Done is to come.</summary>
    Finishing,

    /// <summary>The runtime said, or was told, that it ends; what still comes is dropped.</summary>
    Ending,

    /// <summary>It broke the protocol.</summary>
    Violated,
}
