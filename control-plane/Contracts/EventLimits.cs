namespace Hearth.Contracts;

/// <summary>Bounds of an asynchronous invocation that agent and control plane must agree on.</summary>
public static class EventLimits
{
    /// <summary>Lambda's cap of an Event invocation's payload: 1 MB, by the service model's text of Invoke.</summary>
    public const int MaxPayloadBytes = 1_048_576;

    public const int MaxTraceIdLength = 512;

    public const int MaxContentTypeLength = 256;

    /// <summary>Nesting of the payload; JSON libraries of runtimes give up earlier.</summary>
    public const int MaxJsonDepth = 1000;
}
