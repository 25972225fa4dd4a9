using Hearth.Sandbox.Seccomp;
using Xunit;

namespace Hearth.NativeTests.Seccomp;

/// <summary>The compiled programs answer as the tables say. Needs nothing.</summary>
public sealed class ProgramTests(ITestOutputHelper output)
{
    private const uint X64 = 0xc000003e, Arm64 = 0xc00000b7, I386 = 0x40000003, Arm = 0x40000028, Riscv64 = 0xc00000f3;
    private const uint X32Bit = 0x40000000;

    // Values at and around what conditions compare, in the argument itself and hidden in its upper half.
    private static readonly ulong[] _values =
    [
        0, 1, 2, 3, 4, 5, 6, 10, 16, 17, 38, 40, 132, 262, 22, 26, 27, 31, 44, 50, 51, 52, 62, 68, 1026, 0x5411, 0x5412, 0x541c, 0x541d, 0x80000, 0x80001, 0x80002, 0x80003, 0x800 | 1, 0x20000, 0x40000, 0x7e020000, 0x10000000,
        0x02000000, 0x01200011, 0x003d0f00, 0xffffffff, 0x1_00000001, 0x1_00005412, 0x7fffffff_00000000, ulong.MaxValue,
    ];

    public static TheoryData<string, SeccompArchitecture> All => new()
    {
        { "base", SeccompArchitecture.X64 },
        { "base", SeccompArchitecture.Arm64 },
        { "closing", SeccompArchitecture.X64 },
        { "closing", SeccompArchitecture.Arm64 },
    };

    [Theory]
    [MemberData(nameof(All))]
    public void Every_call_is_answered_as_the_table_says(string name, SeccompArchitecture architecture)
    {
        var policy = Policy(name);
        var program = SeccompCompiler.Compile(policy, architecture);
        output.WriteLine($"{name} {architecture}: {program.Length} instructions, {policy.Rules.Count} rules, longest way {BpfInterpreter.LongestWay(program)}");
        for (uint number = 0; number < 1024; number++)
        {
            var rule = policy.Rules.SingleOrDefault(r => r.Number(architecture) == number);
            foreach (var arguments in Arguments(rule))
            {
                var expected = Expected(policy, rule, arguments);
                var actual = BpfInterpreter.Run(program, AuditArch(architecture), number, arguments);
                if (expected != actual)
                    Assert.Fail($"{number} {rule?.Name} ({string.Join(", ", arguments)}): {actual:x}, the table says {expected:x}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Numbers_that_no_kernel_has_get_the_default(string name, SeccompArchitecture architecture)
    {
        var policy = Policy(name);
        var program = SeccompCompiler.Compile(policy, architecture);
        foreach (var number in new uint[] { 1024, 65_535, X32Bit - 1, uint.MaxValue })
            Assert.Equal(policy.Default.Value, BpfInterpreter.Run(program, AuditArch(architecture), number));
    }

    [Theory]
    [InlineData(SeccompArchitecture.X64)]
    [InlineData(SeccompArchitecture.Arm64)]
    public void The_base_kills_every_other_architecture(SeccompArchitecture architecture)
    {
        var program = SeccompCompiler.Compile(SeccompPolicy.Base, architecture);
        foreach (var other in new[] { X64, Arm64, I386, Arm, Riscv64, 0u, uint.MaxValue }.Where(a => a != AuditArch(architecture)))
        {
            for (uint number = 0; number < 1024; number++)
                Assert.Equal(SeccompAction.KillProcess.Value, BpfInterpreter.Run(program, other, number));
        }
    }

    [Fact]
    public void The_base_kills_x32()
    {
        var program = SeccompCompiler.Compile(SeccompPolicy.Base, SeccompArchitecture.X64);
        for (uint number = 0; number < 1024; number++)
            Assert.Equal(SeccompAction.KillProcess.Value, BpfInterpreter.Run(program, X64, X32Bit | number));
        Assert.Equal(SeccompAction.KillProcess.Value, BpfInterpreter.Run(program, X64, 0x80000000));
    }

    [Fact]
    public void Programs_are_small_since_a_start_pays_for_each_instruction()
    {
        // Counts, not times: growing past them should be a decision.
        Assert.InRange(SeccompCompiler.Compile(SeccompPolicy.Base, SeccompArchitecture.X64).Length, 1, 175);
        Assert.InRange(SeccompCompiler.Compile(SeccompPolicy.Closing, SeccompArchitecture.X64).Length, 1, 20);
    }

    [Fact]
    public void Compiling_costs_a_start_of_the_spawner_little()
    {
        // Memory, not time: the two grow together. It was 27 MB when each leaf compared answers that are records of records.
        _ = SeccompCompiler.Compile(SeccompPolicy.Base, SeccompArchitecture.X64);
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        var before = GC.GetAllocatedBytesForCurrentThread();
        _ = SeccompCompiler.Compile(SeccompPolicy.Base, SeccompArchitecture.X64);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        output.WriteLine($"{allocated} bytes, {System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalMilliseconds:0.00} ms");
        Assert.InRange(allocated, 0, 1 << 20);
    }

    [Fact]
    public void Tables_name_each_call_once_and_give_a_reason()
    {
        foreach (var policy in new[] { SeccompPolicy.Base, SeccompPolicy.Closing })
        {
            Assert.Equal(policy.Rules.Count, policy.Rules.Select(r => r.Name).Distinct().Count());
            Assert.All(policy.Rules, rule => Assert.NotEqual("", rule.Reason.Trim()));
        }

        var allowed = SeccompPolicy.Base.Rules.Select(r => r.Name).ToHashSet();
        Assert.All(SeccompPolicy.Closing.Rules, rule => Assert.True(allowed.Contains(rule.Name), $"{rule.Name}: the base does not know it, so closing it is waste"));
    }

    [Fact]
    public void Two_rules_for_one_number_are_an_error()
    {
        var policy = SeccompPolicy.Closing with { Rules = [SeccompRule.Allow("a", 7, 7, "x"), SeccompRule.Allow("b", 7, 7, "x")] };
        Assert.Throws<InvalidOperationException>(() => SeccompCompiler.Compile(policy, SeccompArchitecture.X64));
    }

    [Fact]
    public void Policies_of_any_shape_compile_to_what_they_say()
    {
        var random = new Random(1);
        SeccompAction[] actions = [SeccompAction.Allow, SeccompAction.Errno(1), SeccompAction.Errno(38), SeccompAction.KillProcess];
        for (var round = 0; round < 200; round++)
        {
            var density = random.Next(1, 40);
            var rules = Enumerable.Range(0, 300).Where(_ => random.Next(40) < density)
                .Select(n => new SeccompRule($"call{n}", n, n, actions[random.Next(random.Next(1, 5))], [], "random")).Take(90).ToArray();
            var policy = new SeccompPolicy("random", actions[random.Next(4)], random.Next(2) == 0, rules);
            var program = SeccompCompiler.Compile(policy, SeccompArchitecture.X64);
            for (uint number = 0; number < 320; number++)
                Assert.Equal((rules.SingleOrDefault(r => r.X64 == number)?.Action ?? policy.Default).Value, BpfInterpreter.Run(program, X64, number));
        }
    }

    private static SeccompPolicy Policy(string name) => name == "base" ? SeccompPolicy.Base : SeccompPolicy.Closing;

    private static uint AuditArch(SeccompArchitecture architecture) => architecture == SeccompArchitecture.X64 ? X64 : Arm64;

    private static IEnumerable<ulong[]> Arguments(SeccompRule? rule)
    {
        if (rule is null || rule.Cases.Count == 0)
            return [[], [.. Enumerable.Repeat(ulong.MaxValue, 6)]];
        // All combinations of those arguments that a condition looks at; the rest stay 0.
        var looked = rule.Cases.SelectMany(c => c.Tests).Select(t => t.Argument).ToHashSet();
        ulong[] Values(int argument) => looked.Contains(argument) ? _values : [0];
        return from a in Values(0) from b in Values(1) from c in Values(2) from d in Values(3) from e in Values(4) from f in Values(5) select new[] { a, b, c, d, e, f };
    }

    // The table read on its own, without ranges, trees or jumps.
    private static uint Expected(SeccompPolicy policy, SeccompRule? rule, ulong[] arguments)
    {
        if (rule is null)
            return policy.Default.Value;
        foreach (var @case in rule.Cases)
        {
            if (@case.Tests.All(Holds))
                return @case.Action.Value;
        }

        return rule.Action.Value;

        bool Holds(SeccompTest test)
        {
            var argument = arguments.ElementAtOrDefault(test.Argument);
            var masked = (uint)(test.UpperHalf ? argument >> 32 : argument) & test.Mask;
            return test.AnyBit ? masked != 0 : test.Values.Contains(masked);
        }
    }
}
