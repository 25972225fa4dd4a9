using System.Diagnostics;
using Hearth.Wire;
using Xunit;

namespace Hearth.Agent.Tests.Wire;

/// <summary>The golden frames through the C# codec, both directions, and through the clients' own tests.</summary>
public sealed class GoldenTests
{
    public static TheoryData<string> Valid => GoldenCase.Names(valid: true);

    public static TheoryData<string> Invalid => GoldenCase.Names(valid: false);

    [Theory, MemberData(nameof(Valid))]
    public void A_valid_frame_has_its_elements(string name)
    {
        var golden = GoldenCase.Of(name);
        AssertElements(golden, golden.Body);
    }

    [Theory, MemberData(nameof(Valid))]
    public void A_frame_may_arrive_in_any_pieces(string name)
    {
        var golden = GoldenCase.Of(name);
        byte[] twice = [.. golden.Bytes, .. golden.Bytes];
        foreach (var piece in (int[])[1, 2, 3, 7, 4096, twice.Length])
        {
            if (twice.Length / piece > 20_000)
                continue;
            using var parser = new FrameParser();
            var frames = 0;
            for (var at = 0; at < twice.Length; at += piece)
            {
                parser.Append(twice.AsSpan(at, Math.Min(piece, twice.Length - at)));
                while (parser.TryRead(out var body))
                {
                    AssertElements(golden, body);
                    frames++;
                }
            }
            Assert.Equal(2, frames);
            Assert.True(parser.IsEmpty);
            Assert.Equal(twice.Length, parser.Offset);
        }
        for (var cut = 0; cut <= golden.Bytes.Length && golden.Bytes.Length <= 512; cut++)
        {
            using var parser = new FrameParser();
            parser.Append(golden.Bytes.AsSpan(0, cut));
            Assert.Equal(cut == golden.Bytes.Length, parser.TryRead(out _));
            parser.Append(golden.Bytes.AsSpan(cut));
            Assert.Equal(cut < golden.Bytes.Length, parser.TryRead(out _));
        }
    }

    [Theory, MemberData(nameof(Invalid))]
    public void A_frame_that_is_none_is_refused(string name)
    {
        var golden = GoldenCase.Of(name);
        using var parser = new FrameParser();
        parser.Append([1, 0, 0, 0, 0xc0]);
        Assert.True(parser.TryRead(out _));
        var refused = Assert.Throws<WireException>(() =>
        {
            parser.Append(golden.Bytes);
            Assert.True(parser.TryRead(out var body), "the frame is not complete: the case shows nothing");
            _ = golden.FromAgent ? (object)AgentFrame.Parse(body, 5) : RuntimeFrame.Parse(body, 5);
        });
        Assert.Equal(5, refused.Offset);
        Assert.Contains("byte 5", refused.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Valid))]
    public void Our_writers_write_the_shortest_form(string name)
    {
        var golden = GoldenCase.Of(name);
        if (!golden.IsShortest)
            return;
        var e = golden.Elements;
        var buffer = new FrameBuffer();
        var payload = e.OfType<byte[]>().LastOrDefault() ?? [];
        switch ((FrameKind)(long)e[0]!)
        {
            case FrameKind.Hello:
                RuntimeFrameWriter.WriteHello(buffer, (string)e[2]!, (string)e[3]!);
                break;
            case FrameKind.Init:
                AgentFrameWriter.WriteInit(buffer, (string)e[1]!, (Dictionary<string, string>)e[2]!, (long)e[3]!);
                break;
            case FrameKind.InitDone:
                RuntimeFrameWriter.WriteInitDone(buffer, e.Count > 1 ? (int)(long)e[1]! : 0);
                break;
            case FrameKind.Invoke:
                var header = new InvokeHeader((string)e[2]!, (long)e[3]!, (string)e[4]!, (string?)e[5], (string?)e[6], (string?)e[7], (string?)e[8], (string?)e[9]);
                AgentFrameWriter.WriteInvokeHeader(buffer, (uint)(long)e[1]!, header, payload.Length);
                break;
            case FrameKind.Chunk:
                RuntimeFrameWriter.WriteChunkHeader(buffer, (uint)(long)e[1]!, payload.Length);
                break;
            case FrameKind.Response:
                RuntimeFrameWriter.WriteResponseHeader(buffer, (uint)(long)e[1]!, (string?)e[2], payload.Length);
                break;
            case FrameKind.Error when e.Count == 6:
                RuntimeFrameWriter.WriteInitFailure(buffer, (string)e[2]!, (string)e[4]!);
                break;
            case FrameKind.Error:
                RuntimeFrameWriter.WriteErrorHeader(buffer, (uint)(long)e[1]!, (string)e[2]!, (bool)e[3]!, payload.Length);
                break;
            case FrameKind.Shutdown:
                AgentFrameWriter.WriteShutdown(buffer, (long)e[1]!, (string)e[2]!);
                break;
            case FrameKind.ResponseStart:
                RuntimeFrameWriter.WriteResponseStart(buffer, (uint)(long)e[1]!, (string?)e[2]);
                break;
            case FrameKind.ResponseEnd:
                RuntimeFrameWriter.WriteResponseEnd(buffer, (uint)(long)e[1]!);
                break;
            case FrameKind.Done:
                RuntimeFrameWriter.WriteDone(buffer, (uint)(long)e[1]!);
                break;
        }
        Assert.Equal(golden.Bytes, (byte[])[.. buffer.WrittenSpan, .. payload]);
    }

    [Fact]
    public void The_bytes_are_those_of_the_descriptions() =>
        Run("/usr/bin/python3", Path.Combine(GoldenCase.Folder, "generate.py"), "--check");

    [Fact]
    public void The_Python_client_reads_them_alike() =>
        Run("/usr/bin/python3", "-B", "-m", "unittest", "discover", "-s", Path.Combine(AppContext.BaseDirectory, "runtimes/python/tests"));

    [Fact]
    public void The_NodeJs_client_reads_them_alike() =>
        Run("/usr/bin/node", "--test", Path.Combine(AppContext.BaseDirectory, "runtimes/nodejs/tests/wire.test.mjs"));

    private static void Run(string executable, params string[] arguments)
    {
        if (!File.Exists(executable))
            Assert.Skip($"{executable} is not installed");
        using var process = Process.Start(new ProcessStartInfo(executable, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(process.ExitCode == 0, output + error.Result);
    }

    private static void AssertElements(GoldenCase golden, ReadOnlyMemory<byte> body)
    {
        var e = golden.Elements;
        Assert.Equal(e, golden.FromAgent ? Elements(AgentFrame.Parse(body, 0)) : Elements(RuntimeFrame.Parse(body, 0)));
    }

    private static List<object?> Elements(in AgentFrame f) => f.Kind switch
    {
        FrameKind.Init => [(long)f.Kind, f.Handler.ToString(), f.ReadEnvironment(), f.DeadlineUnixMs],
        FrameKind.Invoke =>
        [
            (long)f.Kind, (long)f.Id, f.RequestId.ToString(), f.DeadlineUnixMs, f.InvokedFunctionArn.ToString(), f.TraceId.ToStringOrNull(),
            f.ClientContext.ToStringOrNull(), f.CognitoIdentity.ToStringOrNull(), f.TenantId.ToStringOrNull(), f.ContentType.ToStringOrNull(), f.Payload.ToArray(),
        ],
        _ => [(long)f.Kind, f.DeadlineUnixMs, f.Reason.ToString()],
    };

    private static List<object?> Elements(in RuntimeFrame f) => f.Kind switch
    {
        FrameKind.Hello => [(long)f.Kind, (long)FrameLimits.ProtocolVersion, f.Runtime.ToString(), f.RuntimeVersion.ToString()],
        FrameKind.InitDone when f.ShutdownMs > 0 => [(long)f.Kind, (long)f.ShutdownMs],
        FrameKind.InitDone => [(long)f.Kind],
        FrameKind.Response => [(long)f.Kind, (long)f.Id, f.ContentType.ToStringOrNull(), f.Payload.ToArray()],
        FrameKind.Error when !f.ErrorCause.IsNil => [(long)f.Kind, (long)f.Id, f.ErrorType.ToString(), f.IsFatal, f.ErrorCause.ToString(), f.Payload.ToArray()],
        FrameKind.Error => [(long)f.Kind, (long)f.Id, f.ErrorType.ToString(), f.IsFatal, f.Payload.ToArray()],
        FrameKind.ResponseStart => [(long)f.Kind, (long)f.Id, f.ContentType.ToStringOrNull()],
        FrameKind.Chunk => [(long)f.Kind, (long)f.Id, f.Payload.ToArray()],
        _ => [(long)f.Kind, (long)f.Id],
    };
}
