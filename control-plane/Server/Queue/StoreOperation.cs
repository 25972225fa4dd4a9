namespace Hearth.ControlPlane.Queue;

/// <summary>One change on its way to the disk.</summary>
/// <param name="Execute">Called on the store's thread inside a transaction; again, when that could not be committed.</param>
/// <param name="Done">Called on the store's thread once it is durable (null), or cannot be.</param>
/// <param name="MustHappen">Tried again until it is durable: a change of what was accepted already.</param>
/// <param name="Bytes">Held in memory until then.</param>
internal sealed record StoreOperation(Action<EventStatements> Execute, Action<Exception?>? Done = null, bool MustHappen = false, int Bytes = 0);
