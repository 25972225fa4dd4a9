using Hearth.Wire;

namespace Hearth.Agent.Streaming;

/// <summary>Who gets what a sandbox sends. Called on the loop's thread only.</summary>
internal interface IFrameSink
{
    /// <param name="frame">Allowed in the state that the runtime is in. Its views are valid during the call.</param>
    void OnFrame(in RuntimeFrame frame);

    /// <summary>The runtime closed its end, or died; nothing more will come.</summary>
    void OnResponsesEnded();

    /// <summary>The stream cannot be trusted any more.</summary>
    void OnViolation(Exception cause);
}
