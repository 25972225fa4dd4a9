namespace Hearth.Agent.Spawning;

/// <summary>
/// Which kinds of sandboxes are worth a pool. A first start says nothing of a second one, and a pool costs: so one comes with the second start within the time that it would be
/// kept, or when one is expected. When all pools are taken, a kind replaces the one that was asked for least lately, if it was asked for clearly more often itself: kinds in
/// even use leave each other alone. Not thread-safe.
/// </summary>
/// <param name="most">Kinds that have a pool at the same time.</param>
/// <param name="keptFor">What nobody asked for in this time is forgotten.</param>
internal sealed class PoolKinds(int most, TimeSpan keptFor, TimeProvider time)
{
    /// <summary>Kinds that are remembered.</summary>
    private const int MostRemembered = 256;

    private readonly Dictionary<PoolKind, Use> _uses = [];

    /// <summary>Those that have a pool.</summary>
    private readonly HashSet<PoolKind> _chosen = [];

    /// <summary>A start of that kind has come, or (<paramref name="isExpected"/>) may come.</summary>
    /// <param name="replaced">The kind whose pool it takes.</param>
    /// <returns>Whether it has a pool from now on.</returns>
    public bool Ask(PoolKind kind, bool isExpected, out PoolKind? replaced)
    {
        replaced = null;
        var now = time.GetTimestamp();
        var before = Score(kind);
        // However often somebody says that it may: that is one start at most.
        var score = isExpected ? Math.Max(before, 1) : before + 1;
        if (!_uses.ContainsKey(kind))
            Forget();
        _uses[kind] = new Use(score, now);
        if (_chosen.Contains(kind))
            return true;
        if (!isExpected && before == 0)
            return false;
        if (_chosen.Count >= most)
        {
            if (most <= 0)
                return false;
            var least = _chosen.MinBy(Score);
            if (Score(least) is > 0 and var worth && score <= worth + 1)
                return false;
            _chosen.Remove(least);
            replaced = least;
        }
        _chosen.Add(kind);
        return true;
    }

    /// <summary>Starts, each worth less the longer ago it was (half after half of <c>keptFor</c>); 0 when the last one is too long ago.</summary>
    private double Score(PoolKind kind)
    {
        if (!_uses.TryGetValue(kind, out var use) || time.GetElapsedTime(use.At) is var since && since >= keptFor)
            return 0;
        return use.Score * Math.Pow(0.5, since / (keptFor / 2));
    }

    private void Forget()
    {
        if (_uses.Count < MostRemembered)
            return;
        var oldest = _uses.Where(use => !_chosen.Contains(use.Key)).MinBy(static use => use.Value.At);
        _uses.Remove(oldest.Key);
    }

    private readonly record struct Use(double Score, long At);
}
