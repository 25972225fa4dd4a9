using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;
using Xunit;

namespace Hearth.NativeTests.Spawning;

/// <summary>Pythons that a zygote forks into sandboxes: nothing tells them from executed ones but what the README says.</summary>
[Collection(SpawningCollection.Name)]
public sealed class ZygoteTests
{
    /// <summary>All that a process is in the kernel's eyes, but its numbers, its times and its memory.</summary>
    private const string State = """
        import os, resource, sys
        status = dict(line.rstrip('\n').split(':', 1) for line in open('/proc/self/status'))
        answer = {name: status[name].strip() for name in ['Umask', 'Uid', 'Gid', 'Groups', 'Threads', 'SigPnd', 'ShdPnd', 'SigBlk', 'SigIgn', 'SigCgt', 'CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb',
                                                          'NoNewPrivs', 'Seccomp', 'Seccomp_filters', 'NSpid']}
        answer['limits'] = open('/proc/self/limits').read()
        answer['descriptors'] = {name: os.readlink('/proc/self/fd/' + name).split(':')[0] for name in sorted(os.listdir('/proc/self/fd')) if os.path.lexists('/proc/self/fd/' + name)}
        answer['inheritable'] = [os.get_inheritable(fd) for fd in range(5)]
        answer['owner'] = [os.stat('/proc/self').st_uid, os.stat('/proc/self/environ').st_uid]
        answer['folder'], answer['session'], answer['group'] = os.getcwd(), os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()
        answer['score'], answer['nice'] = open('/proc/self/oom_score_adj').read(), os.getpriority(os.PRIO_PROCESS, 0)
        answer['environment'] = {name: value for name, value in os.environ.items() if name != 'HEARTH_MEMORY_MB'}
        answer['arguments'], answer['path'], answer['executable'], answer['flags'] = sys.argv, sys.path, sys.executable, str(sys.flags)
        answer['program'] = os.readlink('/proc/self/exe')
        answer['root'] = sorted(os.listdir('/'))
        answer['streams'] = [[s.name, s.mode, s.encoding, s.errors, s.line_buffering, s.isatty(), s.seekable(), s.fileno(), s.closed] for s in (sys.stdin, sys.stdout, sys.stderr)]
        """;

    [Fact]
    public async Task What_it_forks_is_what_an_executed_interpreter_is()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var executed = TestSandbox.StartPython(agent, 1, isExecuted: true);
        Assert.Empty(spawner.Zygotes());
        using var forked = TestSandbox.StartPython(agent, 2);
        var zygote = Assert.Single(spawner.Zygotes());
        Same(executed.Run(State)!.AsObject(), forked.Run(State)!.AsObject());

        // And from outside: the same namespaces and groups as its init, and no user that is another's.
        var child = Assert.Single(ProcessTable.ChildrenOf(spawner.Pid), pid => pid != zygote && ProcessTable.Read(pid, "cmdline").Contains("zygote.py", StringComparison.Ordinal));
        foreach (var name in (string[])["user", "mnt", "pid", "net", "ipc", "uts", "cgroup"])
            Assert.Equal(Namespace(forked.InitPid, name), Namespace(child, name));
        Assert.Equal(ProcessTable.Read(forked.InitPid, "cgroup"), ProcessTable.Read(child, "cgroup"));
        Assert.False(ProcessTable.IsOf(child, Identity.Zygote));
        forked.Claim(memoryMb: 256, tmpMb: 0);
        Assert.Equal("code", forked.Run("answer = open('/var/task/code.txt').read()")!.GetValue<string>());

        static string? Namespace(int pid, string name) => new FileInfo($"/proc/{pid}/ns/{name}").LinkTarget;
    }

    [Fact]
    public async Task A_zygote_has_no_right_on_the_host_and_sees_nothing_of_it()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var forked = TestSandbox.StartPython(agent, 1);
        var zygote = Assert.Single(spawner.Zygotes());
        var status = ProcessTable.Read(zygote, "status").Split('\n').Select(static line => line.Split(":\t", 2)).Where(static pair => pair.Length == 2).ToDictionary(static pair => pair[0], static pair => pair[1]);
        foreach (var set in (string[])["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"])
            Assert.Equal("0000000000000000", status[set]);
        Assert.Equal(("1", "2", "1", ""), (status["NoNewPrivs"], status["Seccomp"], status["Seccomp_filters"], status["Groups"].Trim()));
        foreach (var name in (string[])["mnt", "net", "ipc", "uts", "cgroup"])
            Assert.NotEqual(new FileInfo($"/proc/{spawner.Pid}/ns/{name}").LinkTarget, new FileInfo($"/proc/{zygote}/ns/{name}").LinkTarget);
        // Its root is the sandboxes', without /proc, in a group of its own.
        Assert.Empty(Directory.EnumerateFileSystemEntries($"/proc/{zygote}/root/proc"));
        Assert.Empty(Directory.EnumerateFileSystemEntries($"/proc/{zygote}/root/home"));
        Assert.DoesNotContain(ProcessTable.Read(spawner.Pid, "cgroup"), ProcessTable.Read(zygote, "cgroup"), StringComparison.Ordinal);
        // /dev/null, the spawner's errors, the socket, and /dev/null again.
        Assert.Equal(5, Directory.EnumerateFileSystemEntries($"/proc/{zygote}/fd").Count());
    }

    [Fact]
    public async Task Siblings_share_no_random_numbers_and_only_they_share_the_hash_secret()
    {
        const string numbers = """
            import os, random, ssl, tempfile, uuid
            answer = [str(random.getrandbits(64)), str(random.Random().getrandbits(64)), os.urandom(8).hex(), ssl.RAND_bytes(8).hex(), str(uuid.uuid4()), str(uuid.uuid1()), tempfile.mktemp(), next(tempfile._get_candidate_names())]
            """;
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var first = TestSandbox.StartPython(agent, 1);
        using var second = TestSandbox.StartPython(agent, 2);
        using var claimed = TestSandbox.ClaimPython(agent, 3);
        using var executed = TestSandbox.StartPython(agent, 4, isExecuted: true);
        var all = new[] { first, second, claimed, executed }.SelectMany(sandbox => Enumerable.Range(0, 2).SelectMany(_ => sandbox.Run(numbers)!.AsArray().Select(static one => one!.GetValue<string>()))).ToList();
        Assert.Equal(all.Count, all.Distinct().Count());

        // Honest limits: the README says it.
        Assert.Equal(Hash(first), Hash(second));
        Assert.Equal(Hash(first), Hash(claimed));
        Assert.NotEqual(Hash(first), Hash(executed));
        await EndAsync(spawner);
        using var afterwards = TestSandbox.StartPython(agent, 5);
        Assert.NotEqual(Hash(first), Hash(afterwards));

        static long Hash(TestSandbox sandbox) => sandbox.Run("answer = hash('a text')")!.GetValue<long>();
    }

    [Fact]
    public async Task Siblings_share_no_open_file()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var first = TestSandbox.StartPython(agent, 1);
        using var second = TestSandbox.StartPython(agent, 2);
        const string flags = "import fcntl; answer = [fcntl.fcntl(fd, fcntl.F_GETFL) for fd in range(5)]";
        var before = second.Run(flags)!.ToJsonString();
        first.Run("import fcntl, os\nfor fd in range(5): fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) | os.O_APPEND)");
        Assert.NotEqual(before, first.Run(flags)!.ToJsonString());
        Assert.Equal(before, second.Run(flags)!.ToJsonString());
    }

    [Fact]
    public async Task A_reset_ends_all_that_was_there_and_keeps_tmp()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var forked = TestSandbox.StartPython(agent, 1);
        forked.Claim(memoryMb: 256, tmpMb: 0);
        for (var round = 0; round < 2; round++)
        {
            forked.Run("""
                import os, time
                open('/tmp/kept', 'a').write('kept')
                if os.fork() == 0:
                    os.setsid()
                    if os.fork() == 0:
                        time.sleep(1000)
                    os._exit(0)
                os.wait()
                """);
            forked.Reset();
            Assert.Equal(2, forked.Run("import os; answer = sum(name.isdigit() for name in os.listdir('/proc'))")!.GetValue<int>());
        }

        Assert.Equal("keptkept code", forked.Run("answer = open('/tmp/kept').read() + ' ' + open('/var/task/code.txt').read()")!.GetValue<string>());
        forked.Destroy();
        Assert.Equal(0, agent.Status().Allocated);
    }

    [Theory]
    [InlineData("os._exit(7)", 7 << 8)]
    [InlineData("os.kill(os.getpid(), 11)", 11)]
    [InlineData("os.kill(os.getpid(), 9)", 9)]
    public async Task Its_end_is_told_as_it_was(string end, int status)
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var forked = TestSandbox.StartPython(agent, 1);
        forked.Claim(memoryMb: 0, tmpMb: 0);
        forked.Say("import os; " + end);
        var exited = agent.Await(static answer => answer.Kind == AnswerKind.RuntimeExited)?.Answer;
        Assert.Equal((1UL, status, (ushort)0, 1u), (exited!.Value.SandboxId, exited.Value.Value, exited.Value.Flags, exited.Value.Generation));
        forked.Reset();
        Assert.Equal(3, forked.Run("answer = 3")!.GetValue<int>());
    }

    [Fact]
    public async Task What_it_writes_counts_as_its_sandboxs_memory_and_the_limit_ends_it()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var forked = TestSandbox.StartPython(agent, 1);
        forked.Claim(memoryMb: 128, tmpMb: 0);
        Assert.Equal(50, forked.Run("kept = bytearray(50 << 20); answer = len(kept) >> 20")!.GetValue<int>());
        forked.Say("kept = bytearray(300 << 20)");
        // v1: the runtime; v2: the whole sandbox.
        var ended = agent.Await(static answer => answer.Kind is AnswerKind.RuntimeExited or AnswerKind.SandboxLost)?.Answer;
        Assert.Equal(Answer.FlagOutOfMemory, ended!.Value.Flags);
    }

    [Fact]
    public async Task Starts_go_on_when_a_zygote_is_killed_at_any_moment()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        var id = 0UL;
        for (var round = 0; round < 8; round++)
        {
            // For a second after one that ended unasked there is none.
            await Patience.UntilAsync("there is a zygote", () =>
            {
                TestSandbox.StartPython(agent, ++id).Destroy();
                return spawner.Zygotes().Count > 0;
            });
            SpawnerConnection.Close(agent.Ask(agent.CreateOf(++id))!.Value.Descriptors);
            var warm = agent.WarmOf(id, runtime: 1);
            Assert.Equal(0, agent.Send(warm));
            await Task.Delay(round, TestContext.Current.CancellationToken);
            foreach (var zygote in spawner.Zygotes())
                _ = Native.Kill(zygote, Native.SigKill);
            // There is a runtime in it, or an error says that there is none, and it is gone; never neither.
            var (warmed, pipes) = agent.Await(answer => answer.Kind == AnswerKind.Reply && answer.Tag == warm.Header.Tag)!.Value;
            SpawnerConnection.Close(pipes);
            var destroyed = agent.Ask(agent.Header(RequestKind.Destroy, id))?.Answer.Error;
            Assert.True(destroyed == 0 || (warmed.Error != 0 && destroyed == Errno.ESRCH), $"start {warmed.Error}, end {destroyed}");
        }

        Assert.Equal((0u, 0), agent.Status());
        await Patience.UntilAsync("no child but a zygote is left, zombies included", () => ProcessTable.ChildrenOf(spawner.Pid).Except(spawner.Zygotes()).ToList() is []);
        using var last = TestSandbox.StartPython(agent, ++id);
        Assert.Equal(3, last.Run("answer = 3")!.GetValue<int>());
    }

    [Fact]
    public async Task What_a_neighbour_runs_does_not_keep_it_from_forking()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var neighbour = TestSandbox.StartPython(agent, 1);
        // As many threads as it may have: the kernel counts them for the zygote's user, too.
        Assert.InRange(neighbour.Run("""
            import threading
            waits = threading.Event()
            threading.stack_size(65536)
            answer = 0
            try:
                while answer < 2000:
                    threading.Thread(target=waits.wait, daemon=True).start()
                    answer += 1
            except RuntimeError:
                pass
            """)!.GetValue<int>(), 500, 742);
        var zygote = Assert.Single(spawner.Zygotes());
        using var other = TestSandbox.StartPython(agent, 2);
        Assert.Equal(0, other.Run("import os; answer = os.getppid()")!.GetValue<int>());
        Assert.Equal([zygote], spawner.Zygotes());
    }

    [Fact]
    public async Task One_that_hangs_is_given_up_and_starts_go_on()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var first = TestSandbox.StartPython(agent, 1);
        _ = Native.Kill(Assert.Single(spawner.Zygotes()), Native.SigStop);
        SpawnerConnection.Close(agent.Ask(agent.CreateOf(2))!.Value.Descriptors);
        // That one may hold a child or not: it is ended. The next ones are executed.
        Assert.NotEqual(0, agent.Ask(agent.WarmOf(2, runtime: 1))?.Answer.Error);
        Assert.Empty(spawner.Zygotes());
        using var next = TestSandbox.StartPython(agent, 3);
        Assert.Equal(1, next.Run("import os; answer = os.getppid()")!.GetValue<int>());
        await Patience.UntilAsync("it is gone", () => agent.Status().Sandboxes == 2);
    }

    [Fact]
    public async Task Sandboxes_that_are_destroyed_while_it_forks_leave_nothing()
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        using var kept = TestSandbox.StartPython(agent, 1_000_000);
        for (var round = 0; round < 60; round++)
        {
            var id = (ulong)(round + 1);
            SpawnerConnection.Close(agent.Ask(agent.CreateOf(id))!.Value.Descriptors);
            var warm = agent.WarmOf(id, runtime: 1);
            Assert.Equal(0, agent.Send(warm));
            if (round % 4 != 0)
                await Task.Delay(TimeSpan.FromMilliseconds(round % 12 / 2.0), TestContext.Current.CancellationToken);
            Assert.Equal(0, agent.Ask(agent.Header(RequestKind.Destroy, id))?.Answer.Error);
            SpawnerConnection.Close(agent.Await(answer => answer.Kind == AnswerKind.Reply && answer.Tag == warm.Header.Tag)!.Value.Descriptors);
        }

        Assert.Equal((1u, 0), agent.Status());
        await Patience.UntilAsync("of them no child is left, zombies included", () => ProcessTable.ChildrenOf(spawner.Pid).Except(spawner.Zygotes()).Count() == 2);
        kept.Destroy();
        await Patience.UntilAsync("no child but a zygote is left", () => ProcessTable.ChildrenOf(spawner.Pid).Except(spawner.Zygotes()).ToList() is []);
    }

    [Theory]
    [InlineData(Native.SigTerm)]
    [InlineData(Native.SigKill)]
    public async Task The_spawners_end_is_its_and_its_childrens(int signal)
    {
        await using var spawner = await SpawnerProcess.StartAsync();
        using var agent = await spawner.ConnectAsync();
        for (var id = 1UL; id <= 5; id++)
            TestSandbox.StartPython(agent, id).Dispose();
        Assert.NotEmpty(spawner.Zygotes());
        await spawner.StopAsync(signal);
        if (signal == Native.SigKill)
            Assert.Equal(0, (await HostProgram.RunAsync([Published.Program("hearth-spawner"), "--data", spawner.Data, "--sweep"])).ExitCode);
        await Patience.UntilAsync($"nothing is left but {string.Join(", ", LeakCheck.Find(spawner.Data))}", () => LeakCheck.Find(spawner.Data).Count == 0);
    }

    [Fact]
    public async Task Without_zygotes_all_are_executed()
    {
        await using var spawner = SpawnerProcess.Prepare(SpawnerProcess.PythonTenant);
        Assert.True(await spawner.RunAsync("--zygote", "off"), spawner.Output);
        using var agent = await spawner.ConnectAsync();
        using var sandbox = TestSandbox.StartPython(agent, 1);
        Assert.Empty(spawner.Zygotes());
        Assert.Equal(1, sandbox.Run("import os; answer = os.getppid()")!.GetValue<int>());
        Assert.Equal(Errno.EINVAL, agent.Ask(agent.WarmOf(1, runtime: 1) with { IsExecuted = 2 })?.Answer.Error);
    }

    private static async Task EndAsync(SpawnerProcess spawner)
    {
        foreach (var zygote in spawner.Zygotes())
            _ = Native.Kill(zygote, Native.SigKill);
        // After one that ended unasked there is none for a second.
        await Patience.UntilAsync("the spawner has noticed", () => spawner.Output.Contains("zygote of python ended", StringComparison.Ordinal));
    }

    private static void Same(JsonObject expected, JsonObject actual)
    {
        foreach (var (name, value) in expected)
            Assert.True(JsonNode.DeepEquals(value, actual[name]), $"{name} is {actual[name]?.ToJsonString()}, executed {value?.ToJsonString()}");
    }
}
