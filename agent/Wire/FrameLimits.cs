namespace Hearth.Wire;

/// <summary>Upper bounds of everything that a peer may announce. All in bytes unless said.</summary>
public static class FrameLimits
{
    /// <summary>The version that Hello carries.</summary>
    public const int ProtocolVersion = 1;

    /// <summary>The 4-byte little-endian length before each frame.</summary>
    public const int PrefixLength = 4;

    /// <summary>AWS's cap of a buffered response: 6 MiB + 100 (aws-lambda-runtime-interface-emulator, interop/model.go).</summary>
    public const int MaxPayloadLength = 6_291_556;

    /// <summary>What a length prefix may say: a full payload and 64 KiB for everything around it.</summary>
    public const int MaxFrameLength = MaxPayloadLength + 64 * 1024;

    /// <summary>One piece of a streamed response.</summary>
    public const int MaxChunkLength = 1024 * 1024;

    public const int MaxRuntimeNameLength = 64;

    public const int MaxErrorTypeLength = 256;

    /// <summary>The words after "RequestId: ... Error: " that a runtime leaves to the agent to put into a body.</summary>
    public const int MaxErrorCauseLength = 1024;

    /// <summary>Milliseconds that a runtime may ask for between Shutdown and its end: AWS's budget with external extensions.</summary>
    public const int MaxShutdownMs = 2000;

    /// <summary>Error type of a fatal Error: the runtime ended without having asked for this event, which another one may get.</summary>
    public const string NotTaken = "Hearth.NotTaken";

    /// <summary>A content type goes into an HTTP header: printable ASCII only.</summary>
    public const int MaxContentTypeLength = 256;

    /// <summary>Entries of Init's environment.</summary>
    public const int MaxEnvironmentCount = 4096;

    /// <summary>Everything of a frame that is not its payload.</summary>
    public const int MaxHeaderLength = 64 * 1024;
}
