using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Wire;

/// <summary>
/// Which frame is allowed when. A life is written as letters. From the runtime: H Hello, D InitDone, R Response, S ResponseStart, C Chunk, E ResponseEnd,
/// X Error, F fatal Error (each of the current id; in lower case of another one), Z Error of id 0. From the agent: i Init, v Invoke, q Shutdown.
/// </summary>
public sealed class SandboxProtocolTests
{
    [Theory]
    [InlineData("", SandboxState.Starting)]
    [InlineData("H", SandboxState.InitDue)]
    [InlineData("Hi", SandboxState.Initializing)]
    [InlineData("HiD", SandboxState.Ready)]
    [InlineData("HiHiD", SandboxState.Ready)]
    [InlineData("HiZ", SandboxState.Ending)]
    [InlineData("HiDv", SandboxState.Invoking)]
    [InlineData("HiDvRvRvXvR", SandboxState.Ready)]
    [InlineData("HiDvF", SandboxState.Ending)]
    [InlineData("HiDvS", SandboxState.Streaming)]
    [InlineData("HiDvSCCCEvSEvSXvR", SandboxState.Ready)]
    [InlineData("HiDvSF", SandboxState.Ending)]
    [InlineData("HiDq", SandboxState.Ending)]
    [InlineData("HiDvqRRRH", SandboxState.Ending)]
    public void A_proper_life_is_followed(string life, SandboxState state)
    {
        using var protocol = Live(life);
        Assert.Equal(state, protocol.State);
    }

    [Fact]
    public void What_comes_after_the_end_is_dropped_however_many_frames_one_read_holds()
    {
        using var protocol = Live("HiDq");
        var (frames, more) = (0, true);
        // On a small stack: one call a frame would be too much of it.
        var reader = new Thread(
            () =>
            {
                var room = protocol.GetBuffer();
                for (frames = 0; (frames + 1) * 5 <= room.Length; frames++)
                    ((ReadOnlySpan<byte>)[1, 0, 0, 0, 0xc0]).CopyTo(room[(frames * 5)..]);
                protocol.Advance(frames * 5);
                more = protocol.TryRead(out _);
            },
            128 * 1024);
        reader.Start();
        reader.Join();
        Assert.False(more);
        Assert.True(frames > 500, $"{frames} frames prove nothing");
        Assert.True(protocol.IsAtFrameBoundary);
    }

    [Theory]
    [InlineData("", "DRSCEXFZ")]
    [InlineData("H", "HDRSCEXFZ")]
    [InlineData("Hi", "RSCEXF")]
    [InlineData("HiHi", "H")]
    [InlineData("HiD", "HDRSCEXFZ")]
    [InlineData("HiDv", "HDCEZrsxf")]
    [InlineData("HiDvS", "HDRSZcex")]
    [InlineData("HiDvR", "RSCEXZ")]
    [InlineData("HiDvSE", "RSCEX")]
    public void Anything_else_is_a_violation_and_stays_one(string life, string next)
    {
        foreach (var letter in next)
        {
            using var protocol = Live(life);
            var first = Assert.Throws<WireException>(() => Step(protocol, letter));
            Assert.Equal(SandboxState.Violated, protocol.State);
            Assert.Same(first, Assert.Throws<WireException>(() => Step(protocol, 'R')));
        }
    }

    [Theory]
    [InlineData("", "iv")]
    [InlineData("H", "v")]
    [InlineData("Hi", "iv")]
    [InlineData("HiD", "i")]
    [InlineData("HiDv", "iv")]
    [InlineData("HiDvS", "v")]
    [InlineData("HiDq", "iv")]
    public void The_agent_is_held_to_it_too(string life, string next)
    {
        foreach (var letter in next)
        {
            using var protocol = Live(life);
            Assert.Throws<InvalidOperationException>(() => Step(protocol, letter));
        }
    }

    private static SandboxProtocol Live(string life)
    {
        var protocol = new SandboxProtocol();
        foreach (var letter in life)
            Step(protocol, letter);
        return protocol;
    }

    private static void Step(SandboxProtocol protocol, char letter)
    {
        var buffer = new FrameBuffer();
        var id = Math.Max(1, protocol.CurrentId + (char.IsLower(letter) ? 1u : 0));
        switch (letter)
        {
            case 'i':
                protocol.WriteInit(buffer, "h", new Dictionary<string, string>(), 0);
                return;
            case 'v':
                protocol.WriteInvokeHeader(buffer, new InvokeHeader("r", 0, "a"), 0);
                return;
            case 'q':
                protocol.WriteShutdown(buffer, 0, "spindown");
                return;
            case 'H':
                RuntimeFrameWriter.WriteHello(buffer, "native", "1");
                break;
            case 'D':
                RuntimeFrameWriter.WriteInitDone(buffer);
                break;
            case 'R' or 'r':
                RuntimeFrameWriter.WriteResponseHeader(buffer, id, null, 0);
                break;
            case 'S' or 's':
                RuntimeFrameWriter.WriteResponseStart(buffer, id, null);
                break;
            case 'C' or 'c':
                RuntimeFrameWriter.WriteChunkHeader(buffer, id, 0);
                break;
            case 'E' or 'e':
                RuntimeFrameWriter.WriteResponseEnd(buffer, id);
                break;
            case 'Z':
                RuntimeFrameWriter.WriteErrorHeader(buffer, 0, "E", true, 0);
                break;
            default:
                RuntimeFrameWriter.WriteErrorHeader(buffer, id, "E", letter is 'F' or 'f', 0);
                break;
        }
        protocol.Append(buffer.WrittenSpan);
        var came = protocol.TryRead(out _);
        Assert.Equal(protocol.State != SandboxState.Ending || letter is 'Z' or 'F', came);
    }
}
