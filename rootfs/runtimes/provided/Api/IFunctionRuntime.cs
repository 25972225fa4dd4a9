using Hearth.Adapter.Frames;

namespace Hearth.Adapter.Api;

/// <summary>The function's process, whichever way it is spoken to: a bootstrap by HTTP (<see cref="RuntimeApi"/>), or a client of ours by frames (<see cref="FrameClient"/>).</summary>
internal interface IFunctionRuntime
{
    RuntimeState State { get; }

    /// <summary>The event that the runtime has not taken yet.</summary>
    Invocation? Untaken { get; }

    /// <summary>The agent's event, for the runtime to take when it is ready.</summary>
    void Offer(Invocation invocation);

    /// <summary>The event is over.</summary>
    void Close();
}

/// <summary>What the runtime tells the sandbox.</summary>
internal interface IRuntimeEvents
{
    /// <summary>The runtime waits for an event.</summary>
    void OnRuntimeReady();

    /// <summary>It could not start, and says why.</summary>
    void OnRuntimeInitError(string errorType, byte[] body);

    /// <summary>It ends because of this event, and says why.</summary>
    void OnRuntimeFatal(Invocation invocation, string errorType, byte[] body);

    /// <summary>It broke the protocol of frames, and is not listened to any more.</summary>
    void OnRuntimeViolation(string cause);

    /// <summary>Before the answer is told to the agent: what was printed until now belongs to it.</summary>
    void BeforeAnswer();

    /// <param name="errorType">Null when it was a success.</param>
    /// <param name="producedBytes">Of the answer.</param>
    void OnAnswered(Invocation invocation, string? errorType, long producedBytes);
}
