namespace Hearth.Agent.Scheduling;

/// <summary>How short of memory the machine is, whatever the budget says: that was taken when the agent started, and neighbours grow. Events are served whatever it is.</summary>
internal enum MemoryBrake
{
    Off,

    /// <summary>Nothing is started that nobody asked for.</summary>
    Hold,

    /// <summary>Besides, idle instances are ended, those that are worth least first.</summary>
    Back,
}
