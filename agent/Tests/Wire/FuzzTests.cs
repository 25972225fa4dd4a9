using System.Globalization;
using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Wire;

/// <summary>
/// A million damaged frames (HEARTH_FUZZ_ITERATIONS for another number) through parser, both readers and the state machine: the only exception is WireException,
/// every input is consumed, and what is held and allocated stays in proportion to what was sent.
/// </summary>
public sealed class FuzzTests(ITestOutputHelper output)
{
    private const int Seed = 20151119;

    // An exception with its message and stack is the largest thing that one frame may cost.
    private const int MostAllocatedPerFrame = 64 * 1024;

    private static int Iterations =>
        int.TryParse(Environment.GetEnvironmentVariable("HEARTH_FUZZ_ITERATIONS"), CultureInfo.InvariantCulture, out var n) ? n : 1_000_000;

    [Fact]
    public void Damaged_frames_are_refused_and_nothing_else_happens()
    {
        var mutator = new FrameMutator(Seed);
        var refused = 0;
        for (var i = 0; i < Iterations; i++)
        {
            var frame = mutator.Next();
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                refused += Feed(mutator, frame) ? 0 : 1;
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                Assert.Fail($"mutation {i} of seed {Seed}: {e} on {Convert.ToHexString(frame)}");
            }
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < MostAllocatedPerFrame, $"mutation {i} of seed {Seed} allocated {allocated} bytes for {frame.Length}");
        }
        output.WriteLine($"{Iterations:N0} mutations, {refused:N0} refused, {Iterations - refused:N0} still frames or incomplete");
        Assert.InRange(refused, Iterations / 4, Iterations - 1);
    }

    [Fact]
    public void Lives_of_damaged_frames_end_in_a_violation_or_go_on()
    {
        var mutator = new FrameMutator(Seed + 1);
        var scratch = new FrameBuffer();
        var violated = 0;
        var lives = Iterations / 20;
        for (var i = 0; i < lives; i++)
        {
            using var protocol = new SandboxProtocol();
            try
            {
                for (var step = 0; step < 8; step++)
                {
                    scratch.Clear();
                    Advance(protocol, scratch);
                    protocol.Append(mutator.Random.Next(4) == 0 ? mutator.Next() : Proper(protocol, scratch));
                    while (protocol.TryRead(out _))
                    {
                    }
                }
            }
            catch (WireException)
            {
                violated++;
                Assert.Equal(SandboxState.Violated, protocol.State);
            }
        }
        output.WriteLine($"{lives:N0} lives, {violated:N0} ended in a violation");
        Assert.InRange(violated, lives / 10, lives - 1);
    }

    private static bool Feed(FrameMutator mutator, ReadOnlySpan<byte> frame)
    {
        using var parser = new FrameParser();
        try
        {
            var cut = mutator.Random.Next(frame.Length + 1);
            parser.Append(frame[..cut]);
            Drain(parser, mutator);
            parser.Append(frame[cut..]);
            Drain(parser, mutator);
            Assert.InRange(parser.Capacity, 0, Math.Max(4096, frame.Length * 8));
            return true;
        }
        catch (WireException)
        {
            return false;
        }
    }

    private static void Drain(FrameParser parser, FrameMutator mutator)
    {
        while (parser.TryRead(out var body))
        {
            // Kinds 2, 4 and 8 are the agent's.
            if (body.Length > 1 && body.Span[1] is 2 or 4 or 8 && mutator.Random.Next(8) != 0)
            {
                if (AgentFrame.Parse(body, parser.Offset) is { Kind: FrameKind.Init } init)
                    init.ReadEnvironment();
            }
            else
            {
                RuntimeFrame.Parse(body, parser.Offset);
            }
        }
    }

    private static void Advance(SandboxProtocol protocol, FrameBuffer scratch)
    {
        if (protocol.State == SandboxState.InitDue)
            protocol.WriteInit(scratch, "h", new Dictionary<string, string>(), 0);
        else if (protocol.State == SandboxState.Ready)
            protocol.WriteInvokeHeader(scratch, new InvokeHeader("r", 0, "a"), 0);
    }

    /// <summary>What a well-behaved runtime would send next.</summary>
    private static ReadOnlySpan<byte> Proper(SandboxProtocol protocol, FrameBuffer scratch)
    {
        scratch.Clear();
        if (protocol.State == SandboxState.Starting)
            RuntimeFrameWriter.WriteHello(scratch, "native", "1");
        else if (protocol.State == SandboxState.Initializing)
            RuntimeFrameWriter.WriteInitDone(scratch);
        else if (protocol.State == SandboxState.Streaming)
            RuntimeFrameWriter.WriteResponseEnd(scratch, protocol.CurrentId);
        else if (protocol.State == SandboxState.Invoking)
            RuntimeFrameWriter.WriteResponseStart(scratch, protocol.CurrentId, null);
        return scratch.WrittenSpan;
    }
}
