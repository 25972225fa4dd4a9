namespace Hearth.ControlPlane.Logs;

/// <param name="Streams">None = all.</param>
/// <param name="StreamPrefix">"" = any.</param>
/// <param name="StartUnixMs">Inclusive.</param>
/// <param name="EndUnixMs">Exclusive.</param>
/// <param name="Pattern">Filter pattern; "" = everything.</param>
/// <param name="Position">Null = from the start, or backward from the end.</param>
/// <param name="Backward">The last ones before the position.</param>
public sealed record LogQuery(
    string Group, IReadOnlyList<string> Streams, string StreamPrefix, long StartUnixMs, long EndUnixMs, string Pattern, int Limit, LogPosition? Position, bool Backward);

/// <param name="Events">In the order of their times.</param>
/// <param name="More">There are more in the direction of the query.</param>
/// <param name="Silent">Ids of agents whose events are missing, as they did not answer.</param>
public sealed record LogPage(IReadOnlyList<StoredEvent> Events, bool More, IReadOnlyList<string> Silent);
