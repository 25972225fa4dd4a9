using static Tmds.Linux.LibC;

namespace Hearth.Adapter.Frames;

/// <summary>The two frame pipes of a client: our ends do not wait, and none goes to another process than the client.</summary>
/// <param name="Requests">Where events are written.</param>
/// <param name="Responses">Where answers are read.</param>
/// <param name="TheirRequests">The client's 3.</param>
/// <param name="TheirResponses">The client's 4.</param>
internal sealed record ClientPipes(int Requests, int Responses, int TheirRequests, int TheirResponses)
{
    private const int SetPipeSize = 1031, PipeBytes = 256 * 1024;

    public static ClientPipes Create()
    {
        var (theirRequests, requests) = Make();
        var (responses, theirResponses) = Make();
        _ = fcntl(requests, F_SETFL, O_NONBLOCK);
        _ = fcntl(responses, F_SETFL, O_NONBLOCK);
        return new ClientPipes(requests, responses, theirRequests, theirResponses);
    }

    public void CloseTheirs()
    {
        Descriptors.Close(TheirRequests);
        Descriptors.Close(TheirResponses);
    }

    public void CloseOurs()
    {
        Descriptors.Close(Requests);
        Descriptors.Close(Responses);
    }

    private static unsafe (int Read, int Write) Make()
    {
        var ends = stackalloc int[2];
        if (pipe2(ends, O_CLOEXEC) != 0)
            throw new IOException($"pipe2: errno {errno}");
        // As large as the agent's, where the kernel allows it.
        _ = fcntl(ends[0], SetPipeSize, PipeBytes);
        return (ends[0], ends[1]);
    }
}
