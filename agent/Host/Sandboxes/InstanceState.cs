namespace Hearth.Agent.Sandboxes;

/// <summary>The life of an instance. <see cref="InstanceStates.MayFollow"/> is the whole of it.</summary>
internal enum InstanceState
{
    /// <summary>The sandbox is being made.</summary>
    Starting,

    /// <summary>The runtime starts, loads the function, or both.</summary>
    Init,

    /// <summary>Waits for an event, running.</summary>
    Idle,

    /// <summary>Waits for an event, stopped by the cgroup freezer.</summary>
    Frozen,

    /// <summary>Works on an event.</summary>
    Busy,

    /// <summary>Everything in it is killed and its runtime started anew; /tmp stays.</summary>
    Resetting,

    /// <summary>After a reset: the runtime waits for Init until the next event needs it.</summary>
    Bare,

    /// <summary>Being destroyed.</summary>
    Stopping,

    /// <summary>Nothing of it is left.</summary>
    Gone,
}

internal static class InstanceStates
{
    public static bool MayFollow(InstanceState from, InstanceState to) => (from, to) switch
    {
        (InstanceState.Starting, InstanceState.Init) => true,
        (InstanceState.Init, InstanceState.Idle or InstanceState.Busy or InstanceState.Resetting) => true,
        (InstanceState.Idle, InstanceState.Busy or InstanceState.Frozen or InstanceState.Resetting) => true,
        (InstanceState.Frozen, InstanceState.Busy or InstanceState.Resetting) => true,
        (InstanceState.Busy, InstanceState.Idle or InstanceState.Busy or InstanceState.Resetting) => true,
        (InstanceState.Resetting, InstanceState.Bare or InstanceState.Init) => true,
        (InstanceState.Bare, InstanceState.Init or InstanceState.Resetting) => true,
        (InstanceState.Stopping, InstanceState.Gone) => true,
        (InstanceState.Starting, InstanceState.Gone) => true,
        (not InstanceState.Stopping and not InstanceState.Gone, InstanceState.Stopping) => true,
        _ => false,
    };

    /// <summary>The word that people see; see Instance in functions.proto.</summary>
    public static string Describe(InstanceState state) => state switch
    {
        InstanceState.Starting or InstanceState.Init => "starting",
        InstanceState.Busy => "busy",
        InstanceState.Idle or InstanceState.Bare => "idle",
        InstanceState.Frozen => "frozen",
        _ => "stopping",
    };
}
