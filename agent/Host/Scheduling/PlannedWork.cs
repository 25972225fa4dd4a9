using Hearth.Agent.Sandboxes;

namespace Hearth.Agent.Scheduling;

/// <summary>What was decided under the gate and is done outside it. Empty and free in the usual case.</summary>
internal struct PlannedWork
{
    public List<Instance>? Start;
    public List<Instance>? Initialise;
    public List<Instance>? Stop;

    public readonly bool IsEmpty => Start is null && Initialise is null && Stop is null;
}
