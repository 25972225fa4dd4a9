namespace Hearth.Agent.Scheduling;

/// <summary>Why a runtime was initialised. A fixed set: it is a label of a metric.</summary>
internal enum ColdReason
{
    /// <summary>This version had no instance since the agent was started.</summary>
    First,

    /// <summary>All instances are in use, and a start is expected sooner than one of them.</summary>
    Busy,

    /// <summary>The last one was ended because nobody used it.</summary>
    Idle,

    /// <summary>The last one was ended because another function needed its memory.</summary>
    Memory,

    /// <summary>New code or configuration: those of the revision before take nothing more.</summary>
    Updated,

    /// <summary>The last one was lost with its sandbox.</summary>
    Lost,

    /// <summary>The runtime crashed, ran out of time or of memory, and starts anew in its sandbox.</summary>
    Reset,

    /// <summary>Provisioned concurrency; no invocation waits for it.</summary>
    Provisioned,

    /// <summary>All instances of a busy function were in use; no invocation waits for it.</summary>
    Spare,

    /// <summary>The function is usually called about now; no invocation waits for it.</summary>
    Predicted,
}

internal static class ColdReasons
{
    private static readonly string[] s_names = [.. Enum.GetNames<ColdReason>().Select(static name => name.ToLowerInvariant())];

    public static int Count => s_names.Length;

    /// <summary>As logs, metrics and people see it.</summary>
    public static string Name(ColdReason reason) => s_names[(int)reason];
}
