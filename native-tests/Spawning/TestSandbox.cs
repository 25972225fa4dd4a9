using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hearth.NativeTests.Harness;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;
using Hearth.Sandbox.Protocol;
using Tmds.Linux;
using Xunit;

namespace Hearth.NativeTests.Spawning;

/// <summary>A sandbox with the Python tenant in it.</summary>
internal sealed unsafe class TestSandbox : IDisposable
{
    private readonly SpawnerConnection _spawner;
    private readonly int[] _shell;
    private int[] _pipes;
    private int _runtime = 4;

    private TestSandbox(SpawnerConnection spawner, ulong id, int[] shell, int[] pipes)
    {
        _spawner = spawner;
        Id = id;
        _shell = shell;
        _pipes = pipes;
    }

    public ulong Id { get; }

    /// <summary>The host's pid of init.</summary>
    public int InitPid => int.Parse(File.ReadLines($"/proc/self/fdinfo/{_shell[(int)ShellFd.InitPidfd]}").First(line => line.StartsWith("Pid:", StringComparison.Ordinal))[4..]);

    public static TestSandbox Start(SpawnerConnection spawner, ulong id, int tmpMb = 512, params ReadOnlySpan<byte[]> layers)
    {
        // As an agent does it that has made the sandbox before it knew for whom.
        var shell = Succeeded(spawner.Ask(spawner.CreateOf(id)));
        var claim = spawner.ClaimOf(id, null, layers);
        (claim.MemoryMb, claim.TmpMb) = (256, tmpMb);
        return new(spawner, id, shell, Succeeded(spawner.Ask(claim)));
    }

    /// <summary>A client of Python's, or of another number, with the tenant in the adapter's place.</summary>
    public static TestSandbox StartBehindAdapter(SpawnerConnection spawner, ulong id, int runtime)
    {
        var shell = Succeeded(spawner.Ask(spawner.CreateOf(id)));
        var claim = spawner.ClaimOf(id);
        (claim.Runtime, claim.BehindAdapter) = (runtime, 1);
        return new(spawner, id, shell, Succeeded(spawner.Ask(claim)));
    }

    /// <summary>One in which the tenant runs before it has any code.</summary>
    public static TestSandbox StartWarm(SpawnerConnection spawner, ulong id)
    {
        var shell = Succeeded(spawner.Ask(spawner.CreateOf(id)));
        return new(spawner, id, shell, Succeeded(spawner.Ask(spawner.WarmOf(id))));
    }

    /// <summary>One in which Python waits for its claim: forked from a zygote, or executed.</summary>
    public static TestSandbox StartPython(SpawnerConnection spawner, ulong id, bool isExecuted = false)
    {
        var shell = Succeeded(spawner.Ask(spawner.CreateOf(id)));
        var warm = spawner.WarmOf(id, runtime: 1);
        warm.IsExecuted = isExecuted ? 1 : 0;
        return new(spawner, id, shell, Succeeded(spawner.Ask(warm))) { _runtime = 1 };
    }

    /// <summary>One whose Python starts with its code: forked from a zygote when one is ready.</summary>
    public static TestSandbox ClaimPython(SpawnerConnection spawner, ulong id)
    {
        var shell = Succeeded(spawner.Ask(spawner.CreateOf(id)));
        var claim = spawner.ClaimOf(id);
        (claim.Runtime, claim.MemoryMb, claim.TmpMb) = (1, 256, 512);
        return new(spawner, id, shell, Succeeded(spawner.Ask(claim))) { _runtime = 1 };
    }

    public void Claim(int memoryMb, int tmpMb, params ReadOnlySpan<byte[]> layers)
    {
        var claim = _spawner.ClaimOf(Id, null, layers);
        (claim.Runtime, claim.MemoryMb, claim.TmpMb) = (_runtime, memoryMb, tmpMb);
        Assert.Empty(Succeeded(_spawner.Ask(claim)));
    }

    /// <summary>Has Python run in the sandbox, and waits for nothing.</summary>
    public void Say(string code)
    {
        var line = Encoding.UTF8.GetBytes(JsonSerializer.Serialize(code) + "\n");
        fixed (byte* bytes = line)
            Assert.Equal(line.Length, Kernel.Write(_pipes[0], bytes, (nuint)line.Length));
    }

    /// <summary>Runs Python in the sandbox; the value of <c>answer</c> afterwards.</summary>
    public JsonNode? Run(string code)
    {
        Say(code);
        var text = new List<byte>();
        var chunk = stackalloc byte[4096];
        while (text.Count == 0 || text[^1] != (byte)'\n')
        {
            var polled = new pollfd { fd = _pipes[1], events = 1 };
            if (Kernel.Poll(&polled, 1, (int)Patience.Seconds(60).TotalMilliseconds) == 0)
                throw new TimeoutException($"the tenant does not answer; it said: {Log()}");
            var length = Kernel.Read(_pipes[1], chunk, 4096);
            Assert.True(length > 0, $"the tenant ended; it said: {Log()}");
            text.AddRange(new ReadOnlySpan<byte>(chunk, length));
        }

        var answer = JsonNode.Parse(Encoding.UTF8.GetString([.. text]));
        if (answer is JsonObject failed && failed["error"] is { } error)
            Assert.Fail(error.GetValue<string>());
        return answer;
    }

    public void Reset()
    {
        var fresh = Succeeded(_spawner.Ask(_spawner.Header(RequestKind.Reset, Id)));
        SpawnerConnection.Close(_pipes);
        _pipes = fresh;
    }

    public void Destroy()
    {
        Assert.Empty(Succeeded(_spawner.Ask(_spawner.Header(RequestKind.Destroy, Id))));
        Dispose();
    }

    public void Dispose()
    {
        SpawnerConnection.Close(_shell);
        SpawnerConnection.Close(_pipes);
        Array.Fill(_shell, -1);
        Array.Fill(_pipes, -1);
    }

    private string Log()
    {
        var chunk = stackalloc byte[4096];
        var length = Kernel.Read(_pipes[2], chunk, 4096);
        return length > 0 ? Encoding.UTF8.GetString(chunk, length) : "nothing";
    }

    private static int[] Succeeded((Answer Answer, int[] Descriptors)? reply)
    {
        Assert.NotNull(reply);
        var (answer, descriptors) = reply.Value;
        Assert.True(answer.Error == 0, $"{SetupSteps.Describe(answer.Step)}: {Errno.Describe(answer.Error)}");
        return descriptors;
    }
}
