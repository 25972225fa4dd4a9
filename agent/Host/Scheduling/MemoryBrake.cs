namespace Hearth.Agent.Scheduling;

/// <summary>How short of memory the machine is, whatever the budget says: that was taken when the agent started, and neighbours grow.</summary>
internal enum MemoryBrake
{
    Off,

    /// <summary>Instances take no more than they have now: nothing is started ahead, and a start needs an idle one's place.</summary>
    Hold,

    /// <summary>Idle instances are ended, those that are worth least first, and their memory is not taken again.</summary>
    Back,
}
