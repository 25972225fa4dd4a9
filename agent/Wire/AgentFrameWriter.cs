using MessagePack;

namespace Hearth.Wire;

/// <summary>Frames that an agent sends. Each is appended to the buffer, length prefix included.</summary>
/// <exception cref="ArgumentException">The frame would be over <see cref="FrameLimits"/>; the buffer is as before.</exception>
public static class AgentFrameWriter
{
    /// <param name="output">Where the whole frame goes.</param>
    /// <param name="handler">Lambda's handler setting.</param>
    /// <param name="environment">The whole environment of the handler.</param>
    /// <param name="initDeadlineUnixMs">When the agent gives the initialisation up.</param>
    public static void WriteInit(FrameBuffer output, string handler, IReadOnlyCollection<KeyValuePair<string, string>> environment, long initDeadlineUnixMs)
    {
        if (environment.Count > FrameLimits.MaxEnvironmentCount)
            throw new ArgumentException($"{environment.Count} environment variables; at most {FrameLimits.MaxEnvironmentCount} fit a frame.", nameof(environment));
        var start = output.BeginFrame();
        var writer = new MessagePackWriter(output);
        writer.WriteArrayHeader(4);
        writer.Write((byte)FrameKind.Init);
        writer.Write(handler);
        writer.WriteMapHeader(environment.Count);
        foreach (var (name, value) in environment)
        {
            writer.Write(name);
            writer.Write(value);
        }
        writer.Write(initDeadlineUnixMs);
        writer.Flush();
        output.EndFrame(start, 0);
    }

    /// <summary>The frame up to its payload. The caller writes exactly <paramref name="payloadLength"/> bytes after it, from wherever they lie.</summary>
    public static void WriteInvokeHeader(FrameBuffer output, uint id, in InvokeHeader header, int payloadLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(payloadLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payloadLength, FrameLimits.MaxPayloadLength);
        var start = output.BeginFrame();
        var writer = new MessagePackWriter(output);
        writer.WriteArrayHeader(11);
        writer.Write((byte)FrameKind.Invoke);
        writer.Write(id);
        writer.Write(header.RequestId);
        writer.Write(header.DeadlineUnixMs);
        writer.Write(header.InvokedFunctionArn);
        writer.Write(header.TraceId);
        writer.Write(header.ClientContext);
        writer.Write(header.CognitoIdentity);
        writer.Write(header.TenantId);
        writer.Write(header.ContentType);
        writer.WriteBinHeader(payloadLength);
        writer.Flush();
        output.EndFrame(start, payloadLength);
    }

    public static void WriteShutdown(FrameBuffer output, long deadlineUnixMs, string reason)
    {
        var start = output.BeginFrame();
        var writer = new MessagePackWriter(output);
        writer.WriteArrayHeader(3);
        writer.Write((byte)FrameKind.Shutdown);
        writer.Write(deadlineUnixMs);
        writer.Write(reason);
        writer.Flush();
        output.EndFrame(start, 0);
    }
}
