using Hearth.Agent.Scheduling;
using Hearth.Agent.Spawning;
using Hearth.Agent.Streaming;
using Hearth.Wire;

namespace Hearth.Agent.Sandboxes;

// An answer that goes to its caller while it is made. A caller that reads slowly holds up the sandbox, and nobody else.
internal sealed partial class Instance
{
    // The process ended while the rest of its answer waits for the caller.
    private RuntimeExit? _waitingExit;

    private void BeginStream(ResponseStream stream, string? contentType)
    {
        if (_link!.IsSending)
            OnViolation(new WireException("it answered before it had read the whole event", 0));
        else
            stream.Begin(contentType, Pool.Use.Answers);
    }

    private void Pass(ResponseStream stream, ReadOnlySpan<byte> bytes)
    {
        if (stream.Length + bytes.Length > _services.Settings.MaxStreamedBytes)
        {
            GiveUp(RuntimeFailure.ResponseTooLarge(_services.Settings.MaxStreamedBytes), destroy: false);
            return;
        }
        if (stream.Write(bytes) is not { } room)
            return;
        var link = _link!;
        link.Pause();
        room.ContinueWith(_ => _services.Loop.Post(() => GoOn(link)), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    private void GoOn(FrameLink link)
    {
        try
        {
            link.Resume();
            if (_waitingExit is not { } exit || link.IsPaused || !ReferenceEquals(link, _link))
                return;
            _waitingExit = null;
            OnExited(_generation, exit);
        }
        catch (Exception fault)
        {
            OnViolation(fault);
        }
    }
}
