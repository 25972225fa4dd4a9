using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Adapter.Processes;

/// <summary>stdout and stderr of one process, passed on to the log pipe. Its grandchildren may hold it longer than it lives.</summary>
internal sealed unsafe class OutputPipe : IReadiness
{
    private const int LargestPipe = 1024 * 1024;
    private static readonly byte[] s_scratch = new byte[32 * 1024];
    private readonly Reactor _reactor;
    private readonly Action<ReadOnlySpan<byte>>? _copy;
    private int _fd;

    private OutputPipe(Reactor reactor, int fd, Action<ReadOnlySpan<byte>>? copy)
    {
        _reactor = reactor;
        _fd = fd;
        _copy = copy;
        reactor.Add(fd, EPOLLIN, this);
    }

    public static OutputPipe Create(Reactor reactor, Action<ReadOnlySpan<byte>>? copy, out int writeEnd)
    {
        var ends = stackalloc int[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            throw new IOException($"pipe2: errno {errno}");
        // Only our end: a program that prints waits for room, as it does elsewhere.
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK);
        writeEnd = ends[1];
        return new OutputPipe(reactor, ends[0], copy);
    }

    public void OnReady(bool readable, bool writable, bool hungUp) => Read(s_scratch.Length);

    /// <summary>Takes what was printed until now: it belongs before whatever is said next.</summary>
    public void Drain() => Read(LargestPipe);

    public void Close()
    {
        if (_fd < 0)
            return;
        _reactor.Remove(_fd);
        Descriptors.Close(_fd);
        _fd = -1;
    }

    private void Read(int budget)
    {
        while (_fd >= 0 && budget > 0)
        {
            var count = Descriptors.Read(_fd, s_scratch);
            if (count == Descriptors.WouldBlock)
                return;
            if (count <= 0)
            {
                Close();
                return;
            }
            Descriptors.WriteAll(Descriptors.Output, s_scratch.AsSpan(0, count));
            _copy?.Invoke(s_scratch.AsSpan(0, count));
            budget -= count;
            if (count < s_scratch.Length)
                return;
        }
    }
}
