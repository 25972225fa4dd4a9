using MessagePack;

namespace Hearth.Wire;

/// <summary>A frame that an agent sent, for native runtimes, benchmarks and tests. Valid until more bytes are given to the parser it comes from.</summary>
public readonly struct AgentFrame
{
    public FrameKind Kind { get; private init; }

    /// <summary>Invoke: 1 and up.</summary>
    public uint Id { get; private init; }

    /// <summary>Init: of the initialisation. Invoke: of the function's timeout. Shutdown: until SIGKILL. Unix milliseconds.</summary>
    public long DeadlineUnixMs { get; private init; }

    public Utf8Text Handler { get; private init; }

    /// <summary>Init: the entries of the environment, MessagePack strings in turn.</summary>
    private ReadOnlyMemory<byte> EnvironmentBytes { get; init; }

    public int EnvironmentCount { get; private init; }

    public Utf8Text RequestId { get; private init; }

    public Utf8Text InvokedFunctionArn { get; private init; }

    public Utf8Text TraceId { get; private init; }

    public Utf8Text ClientContext { get; private init; }

    public Utf8Text CognitoIdentity { get; private init; }

    public Utf8Text TenantId { get; private init; }

    public Utf8Text ContentType { get; private init; }

    public ReadOnlyMemory<byte> Payload { get; private init; }

    /// <summary>Shutdown: why.</summary>
    public Utf8Text Reason { get; private init; }

    public Dictionary<string, string> ReadEnvironment()
    {
        var environment = new Dictionary<string, string>(EnvironmentCount, StringComparer.Ordinal);
        var reader = new MessagePackReader(EnvironmentBytes);
        for (var i = 0; i < EnvironmentCount; i++)
            environment[reader.ReadString()!] = reader.ReadString()!;
        return environment;
    }

    /// <param name="body">One frame without its length prefix.</param>
    /// <param name="offset">Where it lies in the stream, for the error.</param>
    /// <exception cref="WireException">It is not a frame that an agent sends.</exception>
    public static AgentFrame Parse(ReadOnlyMemory<byte> body, long offset)
    {
        try
        {
            var reader = new FieldReader(body, offset);
            var frame = Read(ref reader, body);
            reader.ExpectEnd();
            return frame;
        }
        catch (Exception e) when (e is MessagePackSerializationException or EndOfStreamException)
        {
            throw new WireException("a frame ends inside an element or has a type byte that MessagePack does not know", offset, e);
        }
    }

    private static AgentFrame Read(ref FieldReader reader, ReadOnlyMemory<byte> body) => reader.Kind switch
    {
        FrameKind.Init => ReadInit(ref reader, body),
        FrameKind.Invoke => ReadInvoke(ref reader),
        FrameKind.Shutdown => ReadShutdown(ref reader),
        _ => throw reader.Fault($"kind {(int)reader.Kind} is not one that an agent sends"),
    };

    private static AgentFrame ReadInit(ref FieldReader reader, ReadOnlyMemory<byte> body)
    {
        reader.ExpectCount(4);
        var handler = reader.Text("handler", FrameLimits.MaxHeaderLength);
        var count = reader.MapHeader("environment", FrameLimits.MaxEnvironmentCount);
        var start = reader.Consumed;
        for (var i = 0; i < count; i++)
        {
            reader.Text("environment name", FrameLimits.MaxHeaderLength);
            reader.Text("environment value", FrameLimits.MaxHeaderLength);
        }
        var entries = body[start..reader.Consumed];
        return new AgentFrame
        {
            Kind = FrameKind.Init,
            Handler = handler,
            EnvironmentCount = count,
            EnvironmentBytes = entries,
            DeadlineUnixMs = reader.Integer("deadline", 0, long.MaxValue),
        };
    }

    private static AgentFrame ReadInvoke(ref FieldReader reader)
    {
        reader.ExpectCount(11);
        return new AgentFrame
        {
            Kind = FrameKind.Invoke,
            Id = reader.Id(),
            RequestId = reader.Text("request id", FrameLimits.MaxHeaderLength),
            DeadlineUnixMs = reader.Integer("deadline", 0, long.MaxValue),
            InvokedFunctionArn = reader.Text("ARN", FrameLimits.MaxHeaderLength),
            TraceId = reader.TextOrNil("trace id", FrameLimits.MaxHeaderLength),
            ClientContext = reader.TextOrNil("client context", FrameLimits.MaxHeaderLength),
            CognitoIdentity = reader.TextOrNil("cognito identity", FrameLimits.MaxHeaderLength),
            TenantId = reader.TextOrNil("tenant id", FrameLimits.MaxHeaderLength),
            ContentType = reader.TextOrNil("content type", FrameLimits.MaxHeaderLength),
            Payload = reader.Binary("payload", FrameLimits.MaxPayloadLength),
        };
    }

    private static AgentFrame ReadShutdown(ref FieldReader reader)
    {
        reader.ExpectCount(3);
        return new AgentFrame
        {
            Kind = FrameKind.Shutdown,
            DeadlineUnixMs = reader.Integer("deadline", 0, long.MaxValue),
            Reason = reader.Text("reason", FrameLimits.MaxHeaderLength),
        };
    }
}
