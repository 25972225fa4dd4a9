using Hearth.Sandbox.Seccomp;
using Xunit;

namespace Hearth.NativeTests.Abi;

/// <summary>The numbers in the seccomp tables, against the kernel's headers for both architectures. Needs gcc.</summary>
public sealed class SyscallNumberTests
{
    // asm-generic/unistd.h is aarch64's table when these are set, as its own asm/unistd.h sets them.
    private const string Arm64Headers = """
        #define __ARCH_WANT_RENAMEAT
        #define __ARCH_WANT_NEW_STAT
        #define __ARCH_WANT_SET_GET_RLIMIT
        #define __ARCH_WANT_SYS_CLONE3
        #define __ARCH_WANT_MEMFD_SECRET
        #define __BITS_PER_LONG 64
        #include <asm-generic/unistd.h>
        """;

    [Theory]
    [MemberData(nameof(Policies))]
    public void X64_numbers_are_the_headers(string policy)
    {
        if (System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64)
            Assert.Skip("needs the headers of x86_64");
        Check(policy, "#include <asm/unistd.h>", rule => rule.X64);
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public void Arm64_numbers_are_the_headers(string policy) => Check(policy, Arm64Headers, rule => rule.Arm64);

    public static TheoryData<string> Policies => new(SeccompPolicy.Base.Name, SeccompPolicy.Closing.Name);

    private static void Check(string policyName, string headers, Func<SeccompRule, int> number)
    {
        var policy = new[] { SeccompPolicy.Base, SeccompPolicy.Closing }.Single(p => p.Name == policyName);
        var assertions = new AssertionFile();
        foreach (var rule in policy.Rules.Where(r => number(r) != SeccompRule.Absent))
            // Calls of newer kernels than the headers are compared by those who have them.
            assertions.AddConstant($"__NR_{rule.Name}", (ulong)number(rule), rule.Name, optional: true);
        var absent = string.Concat(policy.Rules.Where(r => number(r) == SeccompRule.Absent)
            .Select(r => $"#ifdef __NR_{r.Name}\n_Static_assert(0, \"{r.Name} has a number\");\n#endif\n"));
        Gcc.Compile($"{headers}\n{assertions.Text}\n{absent}");
    }
}
