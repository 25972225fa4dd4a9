namespace Hearth.Sandbox.Seccomp;

/// <summary>What a number is answered with: an action, or the cases of one rule.</summary>
internal sealed record SyscallAnswer(SeccompAction Action, SeccompRule? Conditional);

/// <summary>Numbers from <paramref name="First"/> to <paramref name="Last"/>, both included.</summary>
internal readonly record struct SyscallRange(uint First, uint Last, SyscallAnswer Answer);

internal static class SyscallRanges
{
    /// <summary>Every 32-bit number exactly once, in order; neighbours differ.</summary>
    public static List<SyscallRange> Of(SeccompPolicy policy, SeccompArchitecture architecture)
    {
        var ranges = new List<SyscallRange>();
        var next = 0u;
        foreach (var rule in policy.Rules.Where(r => r.Number(architecture) != SeccompRule.Absent).OrderBy(r => r.Number(architecture)))
        {
            var number = (uint)rule.Number(architecture);
            if (number < next)
                throw new InvalidOperationException($"seccomp policy {policy.Name}: {rule.Name} has number {number}, which another rule has too");
            if (number > next)
                Add(next, number - 1, new(policy.Default, null));
            Add(number, number, rule.Cases.Count == 0 ? new(rule.Action, null) : new(rule.Action, rule));
            next = number + 1;
        }

        if (policy.ChecksArchitecture && architecture == SeccompArchitecture.X64)
        {
            Add(next, SeccompAbi.X32Bit - 1, new(policy.Default, null));
            Add(SeccompAbi.X32Bit, uint.MaxValue - 1, new(SeccompAction.KillProcess, null));
            // -1 is no call of x32 but what a tracer sets to skip one, and what programs use to ask for ENOSYS.
            Add(uint.MaxValue, uint.MaxValue, new(policy.Default, null));
        }
        else
        {
            Add(next, uint.MaxValue, new(policy.Default, null));
        }

        return ranges;

        void Add(uint first, uint last, SyscallAnswer answer)
        {
            if (ranges.Count > 0 && ranges[^1].Answer == answer)
                ranges[^1] = ranges[^1] with { Last = last };
            else
                ranges.Add(new(first, last, answer));
        }
    }
}
