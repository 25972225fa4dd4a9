using MessagePack;

namespace Hearth.Wire;

/// <summary>
/// A frame that a runtime sent, fully checked. Fields that its kind does not have are empty.
/// The views are valid until more bytes are given to the parser they come from.
/// </summary>
public readonly struct RuntimeFrame
{
    private RuntimeFrame(FrameKind kind, uint id = 0, Utf8Text text = default, Utf8Text version = default, bool fatal = false, ReadOnlyMemory<byte> payload = default, int shutdownMs = 0)
    {
        Kind = kind;
        Id = id;
        _text = text;
        _second = version;
        IsFatal = fatal;
        Payload = payload;
        ShutdownMs = shutdownMs;
    }

    private readonly Utf8Text _text;
    private readonly Utf8Text _second;

    public FrameKind Kind { get; }

    /// <summary>The invocation that is answered; 0 for Hello, InitDone and an Error during init.</summary>
    public uint Id { get; }

    /// <summary>Hello: name of the runtime.</summary>
    public Utf8Text Runtime => Kind == FrameKind.Hello ? _text : default;

    /// <summary>Hello: version of the language.</summary>
    public Utf8Text RuntimeVersion => Kind == FrameKind.Hello ? _second : default;

    /// <summary>Error: as in the body's errorType, without control characters.</summary>
    public Utf8Text ErrorType => Kind == FrameKind.Error ? _text : default;

    /// <summary>Error during init, or nil: what the agent makes the body of, since only it knows whose invocation fails.</summary>
    public Utf8Text ErrorCause => Kind == FrameKind.Error ? _second : default;

    /// <summary>InitDone: how long the sandbox wants to live after Shutdown, 0 to <see cref="FrameLimits.MaxShutdownMs"/>. Over 0 it also says Done after each answer.</summary>
    public int ShutdownMs { get; }

    /// <summary>Response and ResponseStart: printable ASCII, or nil.</summary>
    public Utf8Text ContentType => Kind is FrameKind.Response or FrameKind.ResponseStart ? _text : default;

    /// <summary>Error: the runtime exits now.</summary>
    public bool IsFatal { get; }

    /// <summary>Response: payload. Chunk: its bytes. Error: the JSON that the caller gets. Opaque.</summary>
    public ReadOnlyMemory<byte> Payload { get; }

    /// <param name="body">One frame without its length prefix.</param>
    /// <param name="offset">Where it lies in the stream, for the error.</param>
    /// <exception cref="WireException">It is not a frame that a runtime may send.</exception>
    public static RuntimeFrame Parse(ReadOnlyMemory<byte> body, long offset)
    {
        try
        {
            var reader = new FieldReader(body, offset);
            var frame = Read(ref reader);
            reader.ExpectEnd();
            return frame;
        }
        catch (Exception e) when (e is MessagePackSerializationException or EndOfStreamException)
        {
            throw new WireException("a frame ends inside an element or has a type byte that MessagePack does not know", offset, e);
        }
    }

    private static RuntimeFrame Read(ref FieldReader reader)
    {
        switch (reader.Kind)
        {
            case FrameKind.Hello:
                reader.ExpectCount(4);
                reader.Integer("protocol version", FrameLimits.ProtocolVersion, FrameLimits.ProtocolVersion);
                var runtime = reader.Label("runtime", FrameLimits.MaxRuntimeNameLength, ascii: true);
                return new RuntimeFrame(FrameKind.Hello, text: runtime, version: reader.Label("runtime version", FrameLimits.MaxRuntimeNameLength, ascii: true));
            case FrameKind.InitDone:
                if (!reader.HasCount(2))
                    reader.ExpectCount(1);
                return new RuntimeFrame(FrameKind.InitDone, shutdownMs: reader.HasCount(2) ? (int)reader.Integer("shutdown time", 0, FrameLimits.MaxShutdownMs) : 0);
            case FrameKind.Response:
                reader.ExpectCount(4);
                var id = reader.Id();
                var contentType = reader.LabelOrNil("content type", FrameLimits.MaxContentTypeLength);
                return new RuntimeFrame(FrameKind.Response, id, contentType, payload: reader.Binary("payload", FrameLimits.MaxPayloadLength));
            case FrameKind.Error:
                if (!reader.HasCount(6))
                    reader.ExpectCount(5);
                var failed = reader.Id(zeroAllowed: true);
                var type = reader.Label("error type", FrameLimits.MaxErrorTypeLength, ascii: false);
                var fatal = reader.Boolean("fatal");
                var cause = reader.HasCount(6) ? reader.Label("cause", FrameLimits.MaxErrorCauseLength, ascii: false) : default;
                return new RuntimeFrame(FrameKind.Error, failed, type, cause, fatal, reader.Binary("body", FrameLimits.MaxPayloadLength));
            case FrameKind.ResponseStart:
                reader.ExpectCount(3);
                var started = reader.Id();
                return new RuntimeFrame(FrameKind.ResponseStart, started, reader.LabelOrNil("content type", FrameLimits.MaxContentTypeLength));
            case FrameKind.Chunk:
                reader.ExpectCount(3);
                var chunked = reader.Id();
                return new RuntimeFrame(FrameKind.Chunk, chunked, payload: reader.Binary("bytes", FrameLimits.MaxChunkLength));
            case FrameKind.ResponseEnd:
                reader.ExpectCount(2);
                return new RuntimeFrame(FrameKind.ResponseEnd, reader.Id());
            case FrameKind.Done:
                reader.ExpectCount(2);
                return new RuntimeFrame(FrameKind.Done, reader.Id());
            default:
                throw reader.Fault($"kind {(int)reader.Kind} is not one that a runtime sends");
        }
    }
}
