using BenchmarkDotNet.Attributes;
using Hearth.Wire;

namespace Hearth.Bench.Micro;

/// <summary>Frames as the agent writes and reads them, a payload of each size that the golden vectors have in kind.</summary>
[MustNotAllocate]
public class CodecBenchmarks
{
    private readonly FrameBuffer _output = new();
    private readonly FrameParser _parser = new();
    private readonly InvokeHeader _header = new(
        "8476a536-e9f4-11e8-9739-2dfe598c3fcd", 1_790_000_000_000, "arn:aws:lambda:us-east-1:000000000000:function:hello", "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700", ContentType: "application/json");
    private byte[] _response = [];

    [Params(256, 64 * 1024, 6 * 1024 * 1024)]
    public int PayloadBytes { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        var head = new FrameBuffer();
        RuntimeFrameWriter.WriteResponseHeader(head, 7, "application/json", PayloadBytes);
        _response = [.. head.WrittenSpan, .. new byte[PayloadBytes]];
    }

    /// <summary>The payload itself is not copied: it goes to the pipe from where it lies.</summary>
    [Benchmark]
    public int WriteInvoke()
    {
        _output.Clear();
        AgentFrameWriter.WriteInvokeHeader(_output, 7, _header, PayloadBytes);
        return _output.WrittenCount;
    }

    /// <summary>In pieces as a pipe gives them, 64 KiB at most.</summary>
    [Benchmark]
    public int ParseResponse()
    {
        ReadOnlySpan<byte> left = _response;
        while (true)
        {
            var room = _parser.GetBuffer();
            var count = Math.Min(Math.Min(room.Length, left.Length), 64 * 1024);
            left[..count].CopyTo(room);
            _parser.Advance(count);
            left = left[count..];
            if (_parser.TryRead(out var body))
                return RuntimeFrame.Parse(body, 0).Payload.Length;
        }
    }
}
