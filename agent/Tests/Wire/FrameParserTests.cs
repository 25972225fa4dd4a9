using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Wire;

public sealed class FrameParserTests
{
    [Fact]
    public void An_announced_length_costs_nothing_until_its_bytes_come()
    {
        using var parser = new FrameParser();
        parser.Append(BitConverter.GetBytes(FrameLimits.MaxFrameLength));
        Assert.False(parser.TryRead(out _));
        for (var sent = 4; sent < 2_000_000; sent += 1000)
        {
            Assert.NotEqual(0, parser.GetBuffer().Length);
            // The pool rounds up to a power of two.
            Assert.InRange(parser.Capacity, 1, Math.Max(4096, sent * 4 * 2));
            parser.Append(new byte[1000]);
        }
    }

    [Fact]
    public void A_large_frame_leaves_no_large_buffer_behind()
    {
        using var parser = new FrameParser();
        parser.Append(BitConverter.GetBytes(FrameLimits.MaxFrameLength));
        parser.Append(new byte[FrameLimits.MaxFrameLength]);
        Assert.True(parser.TryRead(out var body));
        Assert.Equal(FrameLimits.MaxFrameLength, body.Length);
        parser.GetBuffer();
        Assert.InRange(parser.Capacity, 1, 64 * 1024);
    }

    [Fact]
    public void Parsing_and_writing_allocate_nothing_in_steady_state()
    {
        using var protocol = new SandboxProtocol();
        var toRuntime = new FrameBuffer();
        var toAgent = new FrameBuffer();
        RuntimeFrameWriter.WriteHello(toAgent, "native", "1");
        protocol.Append(toAgent.WrittenSpan);
        Assert.True(protocol.TryRead(out _));
        protocol.WriteInit(toRuntime, "h", new Dictionary<string, string>(), 0);
        toAgent.Clear();
        RuntimeFrameWriter.WriteInitDone(toAgent);
        protocol.Append(toAgent.WrittenSpan);
        Assert.True(protocol.TryRead(out _));
        var header = new InvokeHeader("8476a536-e9f4-11e8-9739-2dfe598c3fcd", 1, "arn:aws:lambda:us-east-1:000000000000:function:f", ContentType: "application/json");
        var payload = new byte[256];
        long allocated = 0;
        for (var i = 0; i < 20_000; i++)
        {
            // The first rounds compile and fill pools.
            if (i == 10_000)
                allocated = GC.GetAllocatedBytesForCurrentThread();
            toRuntime.Clear();
            var id = protocol.WriteInvokeHeader(toRuntime, header, payload.Length);
            toAgent.Clear();
            RuntimeFrameWriter.WriteResponseHeader(toAgent, id, "application/json", payload.Length);
            protocol.Append(toAgent.WrittenSpan);
            protocol.Append(payload);
            if (!protocol.TryRead(out var frame) || frame.Payload.Length != payload.Length)
                Assert.Fail("the answer did not come");
        }
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - allocated);
    }

    [Fact]
    public void A_frame_over_the_limits_is_not_written()
    {
        var buffer = new FrameBuffer();
        RuntimeFrameWriter.WriteInitDone(buffer);
        var before = buffer.WrittenCount;
        Assert.Throws<ArgumentException>(() => AgentFrameWriter.WriteInit(buffer, "h", new Dictionary<string, string> { ["K"] = new('v', 70_000) }, 0));
        Assert.Throws<ArgumentException>(() => AgentFrameWriter.WriteShutdown(buffer, 0, new string('r', 70_000)));
        Assert.Throws<ArgumentOutOfRangeException>(() => AgentFrameWriter.WriteInvokeHeader(buffer, 1, new InvokeHeader("r", 0, "a"), FrameLimits.MaxPayloadLength + 1));
        Assert.Equal(before, buffer.WrittenCount);
    }
}
