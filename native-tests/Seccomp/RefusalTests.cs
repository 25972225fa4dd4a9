using System.Text.Json;
using Hearth.Sandbox.Seccomp;
using Xunit;

namespace Hearth.NativeTests.Seccomp;

/// <summary>What the kernel answers below the filters. Arguments are such that a call that got through would do no harm.</summary>
public sealed class RefusalTests
{
    private const int EPERM = 1, EBADF = 9, EFAULT = 14, EINVAL = 22, ENOSYS = 38, EOPNOTSUPP = 95, EPROTONOSUPPORT = 93, EAFNOSUPPORT = 97;

    private static readonly SeccompPolicy[] _base = [SeccompPolicy.Base];
    private static readonly SeccompPolicy[] _both = [SeccompPolicy.Base, SeccompPolicy.Closing];

    // Each probe: number and arguments; answers 0, or errno, one a line.
    private const string Probe = """
        import ctypes, json, os, sys
        libc = ctypes.CDLL(None, use_errno=True)
        libc.syscall.restype = ctypes.c_long
        for number, arguments in json.loads(sys.argv[1]):
            ctypes.set_errno(0)
            result = libc.syscall(ctypes.c_long(number), *[ctypes.c_ulong(a) for a in (arguments + [0] * 6)[:6]])
            print(0 if result >= 0 else ctypes.get_errno())
        """;

    [Fact]
    public void Refused_calls_are_refused_and_unknown_ones_are_missing()
    {
        NeedX64();
        var known = SeccompPolicy.Base.Rules.Where(r => r.X64 >= 0).ToDictionary(r => r.X64);
        // 335 uretprobe and 336 uprobe: since 6.14 the kernel passes them by every filter, and raises SIGILL outside of a probe.
        var probes = Enumerable.Range(0, 512).Except([335, 336])
            .Where(n => !known.TryGetValue(n, out var rule) || (rule.Cases.Count == 0 && rule.Action != SeccompAction.Allow))
            .Select(n => (Number: n, Expected: known.TryGetValue(n, out var rule) ? (int)(rule.Action.Value & 0xffff) : ENOSYS)).ToArray();
        Assert.True(probes.Length > 150, $"{probes.Length} probes");
        var answers = Answers(_both, [.. probes.Select(p => (p.Number, Array.Empty<ulong>()))]);
        Assert.All(probes.Zip(answers), pair => Assert.True(pair.First.Expected == pair.Second, $"call {pair.First.Number}: {pair.Second}, expected {pair.First.Expected}"));
    }

    [Fact]
    public void What_init_still_needs_works_below_the_base_and_no_longer_below_the_closing_filter()
    {
        NeedX64();
        if (Environment.UserName != "root")
            Assert.Skip("needs root: without it the kernel refuses set-up calls as well");
        var rules = SeccompPolicy.Closing.Rules.Where(r => r.Cases.Count == 0).ToArray();
        var needed = SeccompPolicy.Base.Rules.Where(r => r.Action == SeccompAction.Allow).Select(r => r.X64).ToHashSet();
        // Bad descriptors: EINVAL, EBADF or nothing done, never EPERM for root.
        var probes = rules.Select(r => (r.X64, r.Name is "setns" or "move_mount" ? new ulong[] { 999 } : [])).ToArray();
        var below = Answers(_base, probes);
        Assert.All(probes.Zip(below), pair => Assert.Equal(needed.Contains(pair.First.X64), pair.Second is not (EPERM or ENOSYS)));
        Assert.Superset(new HashSet<string> { "setns", "move_mount", "unshare" }, rules.Where(r => needed.Contains(r.X64)).Select(r => r.Name).ToHashSet());
        Assert.Equal(rules.Select(r => (int)(r.Action.Value & 0xffff)), Answers(_both, probes));
        Assert.All(rules, r => Assert.Contains((int)(r.Action.Value & 0xffff), (int[])[EPERM, ENOSYS]));
    }

    [Theory]
    [InlineData(0x00020000)]
    [InlineData(0x02000000)]
    [InlineData(0x04000000)]
    [InlineData(0x08000000)]
    [InlineData(0x10000000)]
    [InlineData(0x20000000)]
    [InlineData(0x40000000)]
    [InlineData(0x1_10000011)]
    [InlineData(0x00008000)] // CLONE_PARENT
    public void Clone_makes_no_namespace_and_no_sibling(ulong flags)
    {
        NeedX64();
        Assert.Equal([EPERM], Answers(_both, (56, [flags | 17])));
    }

    [Fact]
    public void Clone3_is_missing_so_that_libc_uses_clone()
    {
        NeedX64();
        Assert.Equal([ENOSYS], Answers(_base, (435, [])));
    }

    [Theory]
    [InlineData(1, 1, 0, 0)] // Unix
    [InlineData(1, 5, 0, 0)]
    [InlineData(2, 0x80001, 6, 0)] // TCP
    [InlineData(10, 2, 17, 0)] // UDP
    [InlineData(16, 0x80003, 0, 0)] // route netlink, as libc opens it
    [InlineData(16, 3, 9, EPROTONOSUPPORT)] // audit netlink
    [InlineData(16, 3, 15, EPROTONOSUPPORT)] // uevent netlink
    [InlineData(2, 3, 1, EPERM)] // raw ICMP
    [InlineData(10, 3, 58, EPERM)]
    [InlineData(2, 10, 0, EPERM)] // SOCK_PACKET
    [InlineData(2, 1, 132, EPROTONOSUPPORT)] // SCTP
    [InlineData(2, 1, 262, EPROTONOSUPPORT)] // MPTCP
    [InlineData(17, 3, 3, EAFNOSUPPORT)] // AF_PACKET
    [InlineData(38, 5, 0, EAFNOSUPPORT)] // AF_ALG
    [InlineData(40, 1, 0, EAFNOSUPPORT)] // AF_VSOCK
    [InlineData(29, 3, 1, EAFNOSUPPORT)] // AF_CAN
    [InlineData(31, 1, 3, EAFNOSUPPORT)] // AF_BLUETOOTH
    [InlineData(44, 3, 0, EAFNOSUPPORT)] // AF_XDP
    [InlineData(0x1_00000011, 3, 3, EAFNOSUPPORT)]
    public void Sockets_of_few_families_can_be_made(ulong family, ulong type, ulong protocol, int expected)
    {
        NeedX64();
        Assert.Equal([expected], Answers(_both, (41, [family, type, protocol])));
    }

    [Theory]
    [InlineData(0x5412, EPERM)] // TIOCSTI
    [InlineData(0x541c, EPERM)] // TIOCLINUX
    [InlineData(0x1_00005412, EPERM)] // the kernel looks at 32 bits only
    [InlineData(0x5451, 0)] // FIOCLEX
    public void Ioctl_types_for_nobody(ulong request, int expected)
    {
        NeedX64();
        Assert.Equal([expected], Answers(_both, (16, [0, request])));
    }

    [Fact]
    public void Personality_can_be_asked_for_but_not_changed()
    {
        NeedX64();
        Assert.Equal([0, 0, EPERM, EPERM], Answers(_both, (135, [0xffffffff]), (135, [0]), (135, [0x0040000]), (135, [0x0400000])));
    }

    [Theory]
    [InlineData(1, 26, EPERM)] // SO_ATTACH_FILTER
    [InlineData(1, 27, EPERM)]
    [InlineData(1, 44, EPERM)]
    [InlineData(1, 50, EPERM)] // SO_ATTACH_BPF
    [InlineData(1, 51, EPERM)]
    [InlineData(1, 52, EPERM)]
    [InlineData(1, 68, EPERM)]
    [InlineData(0x1_00000001, 0x1_0000001a, EPERM)] // the kernel looks at 32 bits only
    [InlineData(6, 31, 92)] // TCP_ULP
    [InlineData(1, 2, EBADF)] // SO_REUSEADDR goes through, to a descriptor that is none
    [InlineData(6, 1, EBADF)] // TCP_NODELAY
    public void Sockets_take_options_but_no_programs(ulong level, ulong option, int expected)
    {
        NeedX64();
        Assert.Equal([expected], Answers(_both, (54, [999, level, option])));
    }

    [Fact]
    public void Nobody_installs_a_filter_below_the_closing_one()
    {
        NeedX64();
        Assert.Equal([ENOSYS, EINVAL, EINVAL, EINVAL], Answers(_both, (317, [1, 0, 0]), (157, [22, 2, 0]), (157, [22, 1, 0]), (157, [62, 1, 0])));
        // What FilteredRun itself did shows that the base lets the closing one be installed; thread names go on.
        Assert.Equal([EFAULT, EFAULT], Answers(_base, (317, [1, 0, 0]), (157, [15, 1])));
    }

    [Fact]
    public void The_limit_on_core_files_can_be_asked_for_but_not_changed()
    {
        NeedX64();
        Assert.Equal([EPERM, EPERM, EPERM, EFAULT, 0, 0, EFAULT], Answers(
            _both, (160, [4, 1]), (302, [0, 4, 1]), (302, [0, 4, 0x1_00000000]), (302, [0, 7, 1]), (302, [0, 4, 0, 0]), (302, [0, 0x1_00000007, 0, 0]), (160, [7, 1])));
    }

    [Fact]
    public void Files_are_watched_for_changes_and_not_for_readers()
    {
        NeedX64();
        Assert.Equal([EPERM, EPERM, EPERM, EPERM, EBADF, EPERM, 0], Answers(
            _both, (254, [999, 0, 1]), (254, [999, 0, 0x10]), (254, [999, 0, 0x20]), (254, [999, 0, 0xfff]), (254, [999, 0, 0x3ce]), (72, [0, 1026, 1]), (72, [0, 1])));
    }

    [Fact]
    public void Disks_and_page_cache_of_the_host_are_left_alone()
    {
        NeedX64();
        // sync, syncfs and POSIX_FADV_DONTNEED are answered without being done, so even for a descriptor that is none; RWF_NOWAIT is not to be had.
        Assert.Equal([0, 0, 0, EBADF, EOPNOTSUPP, EBADF], Answers(
            _both, (162, []), (306, [999]), (221, [999, 0, 0, 4]), (221, [999, 0, 0, 3]), (327, [999, 0, 0, 0, 0, 8]), (327, [999, 0, 0, 0, 0, 0])));
    }

    [Fact]
    public void A_call_of_x32_kills()
    {
        NeedX64();
        var result = FilteredRun.Run(_base, FilteredRun.Python, "-c", Probe, JsonSerializer.Serialize(new object[] { new object[] { 0x40000000 + 39, Array.Empty<ulong>() } }));
        Assert.Equal(128 + 31, result.ExitCode);
    }

    [Fact]
    public void A_call_of_i386_kills()
    {
        NeedX64();
        // mov eax, 20 (getpid); int 0x80; ret
        const string code = """
            import ctypes, mmap
            m = mmap.mmap(-1, 4096, prot=7); m.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
            print(ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))())
            """;
        var unfiltered = FilteredRun.Run([], FilteredRun.Python, "-c", code);
        if (unfiltered.ExitCode != 0)
            Assert.Skip("needs a kernel with 32-bit emulation; this one has none, so there is nothing to kill");
        Assert.Equal(128 + 31, FilteredRun.Run(_base, FilteredRun.Python, "-c", code).ExitCode);
    }

    [Fact]
    public void A_child_cannot_take_a_filter_off()
    {
        var result = FilteredRun.Run(_both, "/bin/sh", "-c", "grep -E 'Seccomp:|Seccomp_filters:|NoNewPrivs:' /proc/self/status; unshare -U true");
        Assert.NotEqual(0, result.ExitCode);
        Assert.Contains("Operation not permitted", result.Errors, StringComparison.Ordinal);
        Assert.Contains("Seccomp:\t2", result.Output, StringComparison.Ordinal);
        Assert.Contains("NoNewPrivs:\t1", result.Output, StringComparison.Ordinal);
    }

    private static int[] Answers(SeccompPolicy[] policies, params (int Number, ulong[] Arguments)[] probes)
    {
        var json = JsonSerializer.Serialize(probes.Select(p => new object[] { p.Number, p.Arguments }));
        var result = FilteredRun.Run(policies, FilteredRun.Python, "-c", Probe, json);
        Assert.True(result.ExitCode == 0, $"exit {result.ExitCode}\n{result.Output}\n{result.Errors}");
        return [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
    }

    private static void NeedX64()
    {
        if (System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture != System.Runtime.InteropServices.Architecture.X64)
            Assert.Skip("needs x86_64: the numbers here are its");
    }
}
