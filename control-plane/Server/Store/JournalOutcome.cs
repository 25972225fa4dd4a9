namespace Hearth.ControlPlane.Store;

/// <param name="LastSequence">Acknowledged to the agent: all up to here is applied.</param>
/// <param name="Applied">Records counted now.</param>
/// <param name="Missing">Sequences skipped by a gap before this batch.</param>
/// <param name="Refused">Records with impossible values; acknowledged, not counted.</param>
public readonly record struct JournalOutcome(ulong LastSequence, int Applied, ulong Missing, int Refused);
