using MessagePack;

namespace Hearth.Wire;

/// <summary>Frames that a runtime sends, for native runtimes, benchmarks and tests. A payload is written by the caller after the header.</summary>
public static class RuntimeFrameWriter
{
    public static void WriteHello(FrameBuffer output, string runtime, string runtimeVersion)
    {
        var start = Begin(output, 4, FrameKind.Hello, out var writer);
        writer.Write(FrameLimits.ProtocolVersion);
        writer.Write(runtime);
        writer.Write(runtimeVersion);
        End(output, start, ref writer, 0);
    }

    /// <param name="output">Where the frame goes.</param>
    /// <param name="shutdownMs">See <see cref="RuntimeFrame.ShutdownMs"/>.</param>
    public static void WriteInitDone(FrameBuffer output, int shutdownMs = 0)
    {
        var start = Begin(output, shutdownMs > 0 ? 2 : 1, FrameKind.InitDone, out var writer);
        if (shutdownMs > 0)
            writer.Write(shutdownMs);
        End(output, start, ref writer, 0);
    }

    public static void WriteResponseHeader(FrameBuffer output, uint id, string? contentType, int payloadLength)
    {
        var start = Begin(output, 4, FrameKind.Response, out var writer);
        writer.Write(id);
        writer.Write(contentType);
        writer.WriteBinHeader(payloadLength);
        End(output, start, ref writer, payloadLength);
    }

    /// <param name="output">Where the header goes.</param>
    /// <param name="id">The invocation's, or 0 during init.</param>
    /// <param name="errorType">As in the body, at most 256 bytes.</param>
    /// <param name="fatal">The runtime exits after this frame.</param>
    /// <param name="bodyLength">Bytes of the JSON that follows.</param>
    public static void WriteErrorHeader(FrameBuffer output, uint id, string errorType, bool fatal, int bodyLength)
    {
        var start = Begin(output, 5, FrameKind.Error, out var writer);
        writer.Write(id);
        writer.Write(errorType);
        writer.Write(fatal);
        writer.WriteBinHeader(bodyLength);
        End(output, start, ref writer, bodyLength);
    }

    /// <summary>The initialisation failed for a reason that the agent puts into words.</summary>
    /// <param name="output">Where the whole frame goes.</param>
    /// <param name="errorType">At most 256 bytes.</param>
    /// <param name="cause">At most 1,024 bytes, no control characters.</param>
    public static void WriteInitFailure(FrameBuffer output, string errorType, string cause)
    {
        var start = Begin(output, 6, FrameKind.Error, out var writer);
        writer.Write(0);
        writer.Write(errorType);
        writer.Write(true);
        writer.Write(cause);
        writer.WriteBinHeader(0);
        End(output, start, ref writer, 0);
    }

    public static void WriteResponseStart(FrameBuffer output, uint id, string? contentType)
    {
        var start = Begin(output, 3, FrameKind.ResponseStart, out var writer);
        writer.Write(id);
        writer.Write(contentType);
        End(output, start, ref writer, 0);
    }

    public static void WriteChunkHeader(FrameBuffer output, uint id, int length)
    {
        var start = Begin(output, 3, FrameKind.Chunk, out var writer);
        writer.Write(id);
        writer.WriteBinHeader(length);
        End(output, start, ref writer, length);
    }

    public static void WriteResponseEnd(FrameBuffer output, uint id)
    {
        var start = Begin(output, 2, FrameKind.ResponseEnd, out var writer);
        writer.Write(id);
        End(output, start, ref writer, 0);
    }

    public static void WriteDone(FrameBuffer output, uint id)
    {
        var start = Begin(output, 2, FrameKind.Done, out var writer);
        writer.Write(id);
        End(output, start, ref writer, 0);
    }

    private static int Begin(FrameBuffer output, int count, FrameKind kind, out MessagePackWriter writer)
    {
        var start = output.BeginFrame();
        writer = new MessagePackWriter(output);
        writer.WriteArrayHeader(count);
        writer.Write((byte)kind);
        return start;
    }

    private static void End(FrameBuffer output, int start, ref MessagePackWriter writer, int following)
    {
        writer.Flush();
        output.EndFrame(start, following);
    }
}
