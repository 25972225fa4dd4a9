using System.Globalization;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;
using Xunit;

namespace Hearth.NativeTests.Spawning;

/// <summary>A sandbox as the spawner makes it, looked at from inside and from outside.</summary>
[Collection(SpawningCollection.Name)]
public sealed class SandboxTests
{
    // shmget, semget and msgget with a key, and 0 or IPC_CREAT and a mode; the answer is what each said.
    private const string Ipc = """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def call(number, *arguments):
            ctypes.set_errno(0)
            result = libc.syscall(number, *arguments)
            return ctypes.get_errno() if result < 0 else 0
        flags = FLAGS
        answer = [call(29, 4711, 4096, flags), call(64, 4711, 1, flags), call(68, 4711, flags)]
        """;

    [Fact]
    public async Task A_reset_leaves_files_in_tmp_and_nothing_that_outlives_processes()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var sandbox = TestSandbox.Start(agent, 1);
        sandbox.Run("open('/tmp/kept', 'w').write('kept')");
        Assert.Equal([0, 0, 0], Numbers(sandbox.Run(Ipc.Replace("FLAGS", "0o1666"))));
        Assert.Equal([0, 0, 0], Numbers(sandbox.Run(Ipc.Replace("FLAGS", "0"))));

        // A descriptor in the queue of a socket in the queue of itself: only the kernel's collector ends that.
        sandbox.Run("""
            import array, socket
            a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
            kept = open('/tmp/kept')
            a.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [a.fileno(), b.fileno(), kept.fileno()]))])
            """);
        sandbox.Reset();
        Assert.Equal([Errno.ENOENT, Errno.ENOENT, Errno.ENOENT], Numbers(sandbox.Run(Ipc.Replace("FLAGS", "0"))));
        Assert.Equal("kept", sandbox.Run("answer = open('/tmp/kept').read()")!.GetValue<string>());
        Assert.Equal(2, sandbox.Run("import os; answer = sum(name.isdigit() for name in os.listdir('/proc'))")!.GetValue<int>());
        sandbox.Destroy();
    }

    [Fact]
    public async Task Signals_are_at_their_defaults_before_and_after_a_reset()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var sandbox = TestSandbox.Start(agent, 1);
        for (var round = 0; round < 2; round++)
        {
            var fields = sandbox.Run("answer = dict(line.rstrip().split(':\\t', 1) for line in open('/proc/self/status') if line.startswith('Sig'))")!;

            // Python itself ignores SIGPIPE (13) and SIGXFSZ (25).
            Assert.Equal(0UL, Mask(fields, "SigIgn") & ~((1UL << 12) | (1UL << 24)));
            Assert.Equal(0UL, Mask(fields, "SigBlk"));
            sandbox.Reset();
        }

        // Init: nothing of the spawner's handlers.
        Assert.Equal(0UL, Convert.ToUInt64(ProcessTable.Read(sandbox.InitPid, "status").Split('\n').Single(line => line.StartsWith("SigCgt:", StringComparison.Ordinal))[7..].Trim(), 16));
    }

    [Fact]
    public async Task The_hosts_files_are_seen_as_roots()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var sandbox = TestSandbox.Start(agent, 1);
        var owners = sandbox.Run("import os; answer = {path: [os.stat(path).st_uid, os.stat(path).st_gid] for path in ['/', '/etc/passwd', '/usr', '/usr/bin/python3', '/var/task/code.txt']}")!.AsObject();
        foreach (var (path, owner) in owners)
            Assert.True(Numbers(owner).SequenceEqual([0, 0]), $"{path} is seen as of {owner!.ToJsonString()}");
    }

    [Fact]
    public async Task Two_nodes_of_a_machine_share_no_user_and_one_that_is_gone_leaves_its_range()
    {
        await using var first = await SpawnerProcess.StartAsync();
        await using var second = await SpawnerProcess.StartAsync();
        var one = await UsersAsync(first);
        var two = await UsersAsync(second);
        Assert.True(Math.Abs((long)one - two) >= 2 * Identity.MaxSandboxes, $"{one} and {two}");
        // Asked again: a list of the kernel's that changes while it is read may come without some of it.
        await Patience.UntilAsync("both hold their users", () => HoldsRange(first.Pid) && HoldsRange(second.Pid));
        await first.StopAsync(Native.SigKill);
        Assert.False(HoldsRange(first.Pid), "a spawner that is gone still holds its users");
        await using var third = await SpawnerProcess.StartAsync();
        Assert.NotEqual(two, await UsersAsync(third));
        Assert.Equal((UnixFileMode)0b110_000_000, File.GetUnixFileMode("/run/hearth/sandbox-users"));
    }

    [Fact]
    public async Task What_a_killed_node_left_is_swept_by_the_next_that_starts_and_a_living_one_is_not()
    {
        await using var alive = await SpawnerProcess.StartAsync();
        using var its = await alive.ConnectAsync();
        using var sandbox = TestSandbox.Start(its, 1);
        await using var killed = await SpawnerProcess.StartAsync();
        using (var agent = await killed.ConnectAsync())
            TestSandbox.Start(agent, 1).Dispose();
        await killed.StopAsync(Native.SigKill);
        Assert.NotEmpty(LeakCheck.CgroupsOf(killed.Data));

        await using var next = await SpawnerProcess.StartAsync();
        await Patience.UntilAsync("nothing of it is left", () => !LeakCheck.CgroupsOf(killed.Data).Any());
        Assert.NotEmpty(LeakCheck.CgroupsOf(alive.Data));
        Assert.Equal(7, sandbox.Run("answer = 3 + 4")!.GetValue<int>());
    }

    [Fact]
    public async Task All_sandboxes_together_leave_the_machine_a_tenth_of_its_memory_and_half_of_its_process_numbers()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        var slices = LeakCheck.CgroupsOf(spawner.Data).ToList();
        var total = File.ReadLines("/proc/meminfo").First(line => line.StartsWith("MemTotal:", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        var memory = Limit("memory.max", "memory.limit_in_bytes");
        Assert.InRange(memory, 1, long.Parse(total) * 1024 / 10 * 9);
        var numbers = Math.Min(long.Parse(File.ReadAllText("/proc/sys/kernel/pid_max")), long.Parse(File.ReadAllText("/proc/sys/kernel/threads-max")));
        Assert.Equal(numbers / 2, Limit("pids.max"));

        long Limit(params string[] names) =>
            long.Parse(File.ReadAllText((from slice in slices from name in names let file = Path.Combine(slice, name) where File.Exists(file) select file).First()));
    }

    [Fact]
    public async Task A_claim_gives_an_empty_sandbox_its_limits_and_its_tmp()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var sandbox = TestSandbox.Start(agent, 1, tmpMb: 700);
        Assert.Equal(256L << 20, Limit("memory.max", "memory.limit_in_bytes"));
        Assert.InRange(Limit("cpu.weight", "cpu.shares"), 14, 150); // of 100 or 1,024: 256/1769
        Assert.InRange(sandbox.Run("import os; s = os.statvfs('/tmp'); answer = s.f_blocks * s.f_frsize >> 20")!.GetValue<long>(), 600, 700);
        Assert.Empty(sandbox.Run("import os; answer = os.listdir('/tmp')")!.AsArray());
        sandbox.Destroy();

        long Limit(params string[] names) =>
            long.Parse(File.ReadAllText((from slice in LeakCheck.CgroupsOf(spawner.Data) from name in names let file = Path.Combine(slice, "sb-1", name) where File.Exists(file) select file).First()));
    }

    [Fact]
    public async Task A_runtime_that_was_started_ahead_of_time_sees_the_code_once_it_is_claimed_and_nothing_before()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var sandbox = TestSandbox.StartWarm(agent, 1);
        Assert.Empty(sandbox.Run("import os; answer = os.listdir('/var/task') + os.listdir('/opt') + os.listdir('/tmp')")!.AsArray());
        Assert.Equal("993", sandbox.Run("import os; answer = str(os.getuid())")!.GetValue<string>());
        var pid = sandbox.Run("import os; answer = os.getpid()")!.GetValue<int>();

        sandbox.Claim(memoryMb: 256, tmpMb: 700);
        Assert.Equal(pid, sandbox.Run("import os; answer = os.getpid()")!.GetValue<int>());
        Assert.Equal("code", sandbox.Run("answer = open('/var/task/code.txt').read()")!.GetValue<string>());
        Assert.InRange(sandbox.Run("import os; s = os.statvfs('/tmp'); answer = s.f_blocks * s.f_frsize >> 20")!.GetValue<long>(), 600, 700);
        Assert.Equal(Errno.EROFS, sandbox.Run("""
            try:
                open('/var/task/x', 'w')
            except OSError as error:
                answer = error.errno
            """)!.GetValue<int>());
        sandbox.Run("open('/tmp/kept', 'w').write('kept')");
        sandbox.Reset();
        Assert.Equal("kept code", sandbox.Run("answer = open('/tmp/kept').read() + ' ' + open('/var/task/code.txt').read()")!.GetValue<string>());
        sandbox.Destroy();
    }

    [Fact]
    public async Task A_runtime_that_is_started_again_after_a_reset_is_told_what_one_without_a_warm_start_is()
    {
        const string environment = "import os; answer = sorted(f'{name}={value}' for name, value in os.environ.items())";
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var cold = TestSandbox.Start(agent, 1);
        using var warm = TestSandbox.StartWarm(agent, 2);
        Assert.Contains("HEARTH_WARMED=1", Texts(warm.Run(environment)));
        warm.Claim(memoryMb: 256, tmpMb: 0);
        warm.Reset();
        var told = Texts(cold.Run(environment));
        Assert.Contains("HEARTH_MEMORY_MB=256", told);
        Assert.Contains(told, static entry => entry.StartsWith("LD_LIBRARY_PATH=", StringComparison.Ordinal) && entry.Contains(":/opt/lib", StringComparison.Ordinal));
        Assert.Equal(told, Texts(warm.Run(environment)));
        cold.Reset();
        Assert.Equal(told, Texts(cold.Run(environment)));
    }

    [Theory]
    [InlineData(256)]
    [InlineData(0)]
    public async Task Before_it_is_claimed_a_runtime_has_the_least_weight_of_CPU(int claimedMb)
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var sandbox = TestSandbox.StartWarm(agent, 1);
        // Of 100 or 1,024: 1 of 100.
        Assert.InRange(Weight(), 1, 10);
        Assert.Equal(128L << 20, Limit("memory.max", "memory.limit_in_bytes"));
        sandbox.Claim(claimedMb, tmpMb: 0);
        var (claimed, share) = (claimedMb == 0 ? 128 : claimedMb, Weight());
        Assert.Equal((long)claimed << 20, Limit("memory.max", "memory.limit_in_bytes"));
        var weight = (int)Math.Round(claimed * 100 / 1769.0);
        Assert.True(share == weight || share == weight * 1024 / 100, $"{claimed} MB have {share}");

        long Weight() => Limit("cpu.weight", "cpu.shares");

        long Limit(params string[] names) =>
            long.Parse(File.ReadAllText((from slice in LeakCheck.CgroupsOf(spawner.Data) from name in names let file = Path.Combine(slice, "sb-1", name) where File.Exists(file) select file).First()));
    }

    [Fact]
    public async Task A_sandbox_that_was_warmed_takes_one_claim_for_the_same_runtime()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var sandbox = TestSandbox.StartWarm(agent, 1);
        var other = agent.ClaimOf(1);
        other.Runtime = 1;
        Assert.Equal(Errno.EINVAL, agent.Ask(other)?.Answer.Error);
        Assert.Equal(Errno.EBUSY, agent.Ask(agent.WarmOf(1))?.Answer.Error);
        Assert.Equal(Errno.EBUSY, agent.Ask(agent.Header(RequestKind.Reset, 1))?.Answer.Error);
        sandbox.Claim(0, 0);
        Assert.Equal(Errno.EBUSY, agent.Ask(agent.ClaimOf(1))?.Answer.Error);
        Assert.Equal(Errno.EBUSY, agent.Ask(agent.WarmOf(1))?.Answer.Error);
        Assert.Equal("code", sandbox.Run("answer = open('/var/task/code.txt').read()")!.GetValue<string>());
        Assert.Equal(Errno.EINVAL, agent.Ask(agent.WarmOf(2, runtime: 9))?.Answer.Error);
        Assert.Equal(Errno.EINVAL, agent.Ask(agent.WarmOf(2, memoryMb: 1))?.Answer.Error);
        Assert.Equal(Errno.ESRCH, agent.Ask(agent.WarmOf(2))?.Answer.Error);
    }

    [Theory]
    [InlineData(127, 0, 0)]
    [InlineData(10_241, 0, 0)]
    [InlineData(-1, 0, 0)]
    [InlineData(0, 511, 0)]
    [InlineData(0, 10_241, 0)]
    [InlineData(0, int.MinValue, 0)]
    [InlineData(128, 512, 2)]
    [InlineData(0, 0, 1)]
    public async Task A_claim_with_other_limits_than_there_are_is_refused(int memoryMb, int tmpMb, int hardCpuCap)
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        Assert.Equal(0, agent.Ask(agent.CreateOf(1))?.Answer.Error);
        var claim = agent.ClaimOf(1);
        (claim.MemoryMb, claim.TmpMb, claim.HardCpuCap) = (memoryMb, tmpMb, hardCpuCap);
        Assert.Equal((Errno.EINVAL, SetupStep.BadArgument), agent.Ask(claim) is { Answer: var answer } ? (answer.Error, answer.Step) : default);
    }

    [Fact]
    public async Task Code_that_is_a_link_is_not_mounted()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        var hash = Enumerable.Repeat((byte)0xAB, 32).ToArray();
        File.CreateSymbolicLink($"{spawner.Data}/code/{Convert.ToHexStringLower(hash)}", "/etc");
        Assert.Equal(0, agent.Ask(agent.CreateOf(1))?.Answer.Error);
        var answer = agent.Ask(agent.ClaimOf(1, hash))?.Answer;
        Assert.Equal((SetupStep.CodeOpen, Errno.ENOTDIR), (answer?.Step, answer?.Error)); // the link itself, not what it leads to
        var missing = agent.Ask(agent.ClaimOf(1, [.. Enumerable.Repeat((byte)0xCD, 32)]))?.Answer;
        Assert.Equal((SetupStep.CodeOpen, Errno.ENOENT), (missing?.Step, missing?.Error));
        Assert.Equal(0, agent.Ask(agent.Header(RequestKind.Destroy, 1))?.Answer.Error);
    }

    [Fact]
    public async Task Layers_are_at_opt_as_roots_and_read_only_and_stay_over_a_reset()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        var hash = Enumerable.Repeat((byte)0xAB, 32).ToArray();
        var folder = Directory.CreateDirectory($"{spawner.Data}/code/{Convert.ToHexStringLower(hash)}/bin").Parent!.FullName;
        File.WriteAllText($"{folder}/bin/tool", "layer");
        foreach (var path in (string[])[folder, $"{folder}/bin", $"{folder}/bin/tool"])
            Native.Chown(path, Identity.Agent);
        using var sandbox = TestSandbox.Start(agent, 1, 512, hash);
        for (var round = 0; round < 2; round++)
        {
            var seen = sandbox.Run("""
                import os
                def error(call):
                    try:
                        call()
                    except OSError as e:
                        return e.errno
                answer = [open('/opt/bin/tool').read(), os.stat('/opt/bin/tool').st_uid, error(lambda: open('/opt/new', 'w')), error(lambda: os.unlink('/opt/bin/tool')),
                          [sorted(set(line.split()[5].split(',')) & {'ro', 'nosuid', 'nodev'}) for line in open('/proc/self/mountinfo') if line.split()[4] == '/opt']]
                """)!.ToJsonString();
            Assert.Equal($"""["layer",0,{Errno.EROFS},{Errno.EROFS},[["nodev","nosuid","ro"]]]""", seen);
            sandbox.Reset();
        }

        sandbox.Destroy();
    }

    [Fact]
    public async Task Layers_that_are_links_absent_or_too_many_are_not_mounted()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        var link = Enumerable.Repeat((byte)0xAB, 32).ToArray();
        var missing = Enumerable.Repeat((byte)0xCD, 32).ToArray();
        File.CreateSymbolicLink($"{spawner.Data}/code/{Convert.ToHexStringLower(link)}", "/etc");
        Assert.Equal(0, agent.Ask(agent.CreateOf(1))?.Answer.Error);
        foreach (var (layers, step, error) in new (byte[][], SetupStep, int)[]
        {
            ([link], SetupStep.LayerTree, Errno.ENOTDIR), ([missing], SetupStep.LayerTree, Errno.ENOENT), ([SpawnerProcess.Code, SpawnerProcess.Code], SetupStep.BadArgument, Errno.EINVAL),
        })
        {
            var answer = agent.Ask(agent.ClaimOf(1, null, layers))?.Answer;
            Assert.Equal((step, error), (answer?.Step, answer?.Error));
        }

        Assert.Equal(0, agent.Ask(agent.Header(RequestKind.Destroy, 1))?.Answer.Error);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("link")]
    public async Task A_folder_of_sockets_that_others_may_change_is_refused(string what)
    {
        Needs.Node();
        await using var spawner = SpawnerProcess.Prepare(SpawnerProcess.IdleTenant);
        var run = $"{spawner.Data}/run";
        if (what == "run")
        {
            Native.Chown(run, Identity.Agent);
        }
        else
        {
            Directory.Delete(run);
            File.CreateSymbolicLink(run, "/run");
        }

        Assert.False(await spawner.RunAsync());
        Assert.Contains(run, spawner.Output);
        Assert.False(File.Exists("/run/spawner.sock"));
    }

    // proc_locks(5): "POSIX ADVISORY WRITE pid device:inode start end".
    private static bool HoldsRange(int pid) => File.ReadLines("/proc/locks").Any(line => line.Contains($" POSIX  ADVISORY  WRITE {pid} ", StringComparison.Ordinal));

    /// <summary>The first user of a node: that of its first slot.</summary>
    private static async Task<uint> UsersAsync(SpawnerProcess spawner)
    {
        using var agent = await spawner.ConnectAsync();
        using var sandbox = TestSandbox.Start(agent, 1);
        var map = ProcessTable.Read(sandbox.InitPid, "uid_map").Split('\n')[0].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return uint.Parse(map[1], CultureInfo.InvariantCulture);
    }

    private static ulong Mask(JsonNode fields, string name) => Convert.ToUInt64(fields[name]!.GetValue<string>(), 16);

    private static string[] Texts(JsonNode? array) => [.. array!.AsArray().Select(text => text!.GetValue<string>())];

    private static int[] Numbers(JsonNode? array) => [.. array!.AsArray().Select(number => number!.GetValue<int>())];
}
