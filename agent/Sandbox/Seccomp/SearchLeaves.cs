namespace Hearth.Sandbox.Seccomp;

/// <summary>Neighbouring ranges that one chain of comparisons answers: the exceptions, and everything else from <paramref name="First"/> on.</summary>
internal sealed record SearchLeaf(uint First, SyscallAnswer Main, IReadOnlyList<(uint Number, SyscallAnswer Answer)> Exceptions);

/// <remarks>The spawner does this at each start, so it counts on numbers: comparing answers, which are records of records, made 27 MB of garbage (now 50 KB).</remarks>
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
        var answers = Numbered(ranges, out var distinct);
        var cost = new int[ranges.Count + 1];
        var from = new int[ranges.Count + 1];
        var main = new int[ranges.Count + 1];
        var counts = new long[distinct];
        for (var end = 1; end <= ranges.Count; end++)
        {
            cost[end] = int.MaxValue;
            Array.Clear(counts);
            long numbers = 0;
            var most = answers[end - 1];

            // Grows to the left. What is not the main answer never gets less on the way, so the first leaf that is too long ends it.
            for (var start = end - 1; start >= 0; start--)
            {
                var size = SizeOf(ranges[start]);
                numbers += size;
                counts[answers[start]] += size;
                if (counts[answers[start]] >= counts[most])
                    most = answers[start];
                var exceptions = numbers - counts[most];
                if (exceptions > MaxExceptions)
                    break;
                var total = cost[start] + 1 + (int)exceptions;
                if (total < cost[end])
                    (cost[end], from[end], main[end]) = (total, start, most);
            }
        }

        var leaves = new List<SearchLeaf>();
        for (var end = ranges.Count; end > 0; end = from[end])
            leaves.Add(Leaf(ranges, answers, from[end], end, main[end]));
        leaves.Reverse();
        return [.. leaves];
    }

    private static SearchLeaf Leaf(List<SyscallRange> ranges, int[] answers, int start, int end, int main)
    {
        var exceptions = new List<(uint, SyscallAnswer)>();
        SyscallAnswer? answer = null;
        for (var i = start; i < end; i++)
        {
            if (answers[i] == main)
                answer = ranges[i].Answer;
            else
                exceptions.AddRange(Numbers(ranges[i]));
        }

        return new(ranges[start].First, answer!, exceptions);
    }

    /// <summary>For each range a small number that stands for its answer.</summary>
    private static int[] Numbered(List<SyscallRange> ranges, out int distinct)
    {
        // A rule's name is unique in its policy.
        var known = new Dictionary<(uint Action, string? Rule), int>();
        var numbers = new int[ranges.Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            var key = (ranges[i].Answer.Action.Value, ranges[i].Answer.Conditional?.Name);
            if (!known.TryGetValue(key, out numbers[i]))
                known[key] = numbers[i] = known.Count;
        }

        distinct = known.Count;
        return numbers;
    }

    private static long SizeOf(SyscallRange range) => (long)range.Last - range.First + 1;

    private static IEnumerable<(uint, SyscallAnswer)> Numbers(SyscallRange range)
    {
        for (long number = range.First; number <= range.Last; number++)
            yield return ((uint)number, range.Answer);
    }
}
