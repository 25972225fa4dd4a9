namespace Hearth.Sandbox.Seccomp;

/// <summary>Neighbouring ranges that one chain of comparisons answers: the exceptions, and everything else from <paramref name="First"/> on.</summary>
internal sealed record SearchLeaf(uint First, SyscallAnswer Main, IReadOnlyList<(uint Number, SyscallAnswer Answer)> Exceptions);

internal static class SearchLeaves
{
    // Longer chains save no instruction that matters, and a call would walk them.
    private const int MaxExceptions = 8;

    /// <summary>
    /// The division with the fewest instructions, by dynamic programming: a leaf costs the branch that leads to it and one comparison for each
    /// number that has not its main answer.
    /// </summary>
    public static SearchLeaf[] Divide(List<SyscallRange> ranges)
    {
        var cost = new int[ranges.Count + 1];
        var from = new int[ranges.Count + 1];
        Array.Fill(cost, int.MaxValue);
        cost[0] = 0;
        for (var end = 1; end <= ranges.Count; end++)
        {
            for (var start = end - 1; start >= 0; start--)
            {
                if (MainOf(ranges, start, end) is not { } main)
                    continue;
                var total = cost[start] + 1 + main.Exceptions;
                if (total < cost[end])
                    (cost[end], from[end]) = (total, start);
            }
        }

        var leaves = new List<SearchLeaf>();
        for (var end = ranges.Count; end > 0; end = from[end])
        {
            var start = from[end];
            var main = MainOf(ranges, start, end)!.Value.Answer;
            var exceptions = ranges[start..end].Where(r => r.Answer != main).SelectMany(Numbers).ToArray();
            leaves.Add(new(ranges[start].First, main, exceptions));
        }

        leaves.Reverse();
        return [.. leaves];
    }

    // The answer that leaves the fewest numbers to test, or null when they are too many for a chain.
    private static (SyscallAnswer Answer, int Exceptions)? MainOf(List<SyscallRange> ranges, int start, int end)
    {
        (SyscallAnswer, int)? best = null;
        foreach (var answer in ranges[start..end].Select(r => r.Answer).Distinct())
        {
            long exceptions = 0;
            foreach (var range in ranges[start..end])
                exceptions += range.Answer == answer ? 0 : (long)range.Last - range.First + 1;
            if (exceptions <= MaxExceptions && (best is null || exceptions < best.Value.Item2))
                best = (answer, (int)exceptions);
        }

        return best;
    }

    private static IEnumerable<(uint, SyscallAnswer)> Numbers(SyscallRange range)
    {
        for (long number = range.First; number <= range.Last; number++)
            yield return ((uint)number, range.Answer);
    }
}
