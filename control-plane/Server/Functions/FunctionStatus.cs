using static Hearth.ControlPlane.Functions.FunctionStates;

namespace Hearth.ControlPlane.Functions;

/// <summary>
/// The state machine of a function: Pending until an agent holds its code, then Active or Failed; an update of an Active one runs beside it as
/// LastUpdateStatus InProgress, Successful or Failed.
/// </summary>
/// <param name="LastUpdate">Null from creation until the first outcome.</param>
public sealed record FunctionStatus(
    string State, string? Reason, string? ReasonCode, string? LastUpdate, string? LastUpdateReason, string? LastUpdateReasonCode)
{
    public static readonly FunctionStatus Created = new(Pending, CreatingReason, CreatingCode, null, null, null);

    private static readonly FunctionStatus Ready = new(Active, null, null, Successful, null, null);

    /// <summary>An agent holds what is defined now.</summary>
    public bool IsReady => this == Ready;

    /// <summary>New code or settings were stored and no agent has reported on them yet.</summary>
    public FunctionStatus Updated() => State == Active
        ? this with { LastUpdate = InProgress, LastUpdateReason = CreatingReason, LastUpdateReasonCode = CreatingCode }
        : Created with { LastUpdate = InProgress, LastUpdateReason = CreatingReason, LastUpdateReasonCode = CreatingCode };

    /// <summary>An agent reported on the current revision. With several agents one success is enough, and a later failure of another does not undo it.</summary>
    /// <param name="error">Null when the agent holds the code.</param>
    public FunctionStatus Reported(string? error)
    {
        if (error is null)
            return Ready;
        if (this == Ready)
            return this;
        FunctionStatus failed = this with { LastUpdate = FunctionStates.Failed, LastUpdateReason = error, LastUpdateReasonCode = FailedCode };
        return State == Active ? failed : failed with { State = FunctionStates.Failed, Reason = error, ReasonCode = FailedCode };
    }
}
