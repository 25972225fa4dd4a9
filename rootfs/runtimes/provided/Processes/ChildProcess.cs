using System.Runtime.InteropServices;
using Hearth.Adapter.Frames;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Adapter.Processes;

/// <summary>The function's bootstrap or client, or an extension: a process group of its own, its output read here.</summary>
internal sealed unsafe class ChildProcess : IReadiness
{
    private readonly Reactor _reactor;
    private readonly Action<ChildProcess> _ended;
    private readonly int _pid;
    private readonly int _handle;

    private ChildProcess(Reactor reactor, int pid, OutputPipe output, Action<ChildProcess> ended)
    {
        _reactor = reactor;
        _pid = pid;
        _ended = ended;
        Output = output;
        _handle = Native.OpenProcess(pid);
        if (_handle < 0)
            throw new IOException($"pidfd_open of process {pid}: errno {-_handle}");
        reactor.Add(_handle, EPOLLIN, this);
    }

    public OutputPipe Output { get; }

    /// <summary>Null while it lives.</summary>
    public ProcessEnd? End { get; private set; }

    /// <summary>With stdin from /dev/null, in the adapter's own folder.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="output">Gets what it prints, after the log pipe has.</param>
    /// <param name="frames">Of a client: their ends become its 3 and 4.</param>
    /// <returns>Null, and the errno, when it cannot be executed.</returns>
    public static ChildProcess? Start(
        Reactor reactor, string[] command, IReadOnlyDictionary<string, string> environment, Action<ReadOnlySpan<byte>>? output, Action<ChildProcess> ended, out int error,
        ClientPipes? frames = null)
    {
        var pipe = OutputPipe.Create(reactor, output, out var writeEnd);
        error = Spawn(command, environment, writeEnd, frames, out var pid);
        Descriptors.Close(writeEnd);
        if (error == 0)
            return new ChildProcess(reactor, pid, pipe, ended);
        pipe.Close();
        return null;
    }

    /// <summary>To everything in its group.</summary>
    public void Signal(int number)
    {
        if (End is null)
            _ = kill(-_pid, number);
    }

    public void OnReady(bool readable, bool writable, bool hungUp)
    {
        int status;
        if (End is not null || Native.waitpid(_pid, &status, Native.NoHang) != _pid)
            return;
        End = ProcessEnd.OfStatus(status);
        _reactor.Remove(_handle);
        Descriptors.Close(_handle);
        Output.Drain();
        _ended(this);
    }

    private static int Spawn(string[] command, IReadOnlyDictionary<string, string> environment, int output, ClientPipes? frames, out int pid)
    {
        var actions = stackalloc byte[Native.OpaqueSize];
        var attributes = stackalloc byte[Native.OpaqueSize];
        // sigset_t has 128 bytes. What this program ignores or blocks is none of its children's business.
        var all = stackalloc byte[128];
        var none = stackalloc byte[128];
        new Span<byte>(all, 128).Fill(0xff);
        new Span<byte>(none, 128).Clear();
        _ = Native.posix_spawn_file_actions_init(actions);
        _ = Native.posix_spawn_file_actions_adddup2(actions, output, 1);
        _ = Native.posix_spawn_file_actions_adddup2(actions, output, 2);
        if (frames is not null)
        {
            _ = Native.posix_spawn_file_actions_adddup2(actions, frames.TheirRequests, Descriptors.Requests);
            _ = Native.posix_spawn_file_actions_adddup2(actions, frames.TheirResponses, Descriptors.Responses);
        }
        _ = Native.posix_spawnattr_init(attributes);
        _ = Native.posix_spawnattr_setflags(attributes, Native.SetGroup | Native.SetDefaultSignals | Native.SetSignalMask);
        _ = Native.posix_spawnattr_setpgroup(attributes, 0);
        _ = Native.posix_spawnattr_setsigdefault(attributes, all);
        _ = Native.posix_spawnattr_setsigmask(attributes, none);
        var arguments = Block([.. command]);
        var variables = Block([.. environment.Select(static variable => $"{variable.Key}={variable.Value}")]);
        int started;
        int error;
        fixed (byte** argumentBlock = arguments, variableBlock = variables)
            error = Native.posix_spawn(&started, arguments[0], actions, attributes, argumentBlock, variableBlock);
        pid = started;
        Free(arguments);
        Free(variables);
        _ = Native.posix_spawn_file_actions_destroy(actions);
        return error;
    }

    /// <summary>Pointers to the texts, ended by null.</summary>
    private static byte*[] Block(string[] texts)
    {
        var block = new byte*[texts.Length + 1];
        for (var i = 0; i < texts.Length; i++)
            block[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        return block;
    }

    private static void Free(byte*[] block)
    {
        foreach (var text in block)
            Marshal.FreeCoTaskMem((nint)text);
    }
}
