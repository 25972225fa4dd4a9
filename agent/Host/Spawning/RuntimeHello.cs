using Hearth.Sandbox.Linux;
using Tmds.Linux;

namespace Hearth.Agent.Spawning;

/// <summary>Whether a runtime that was started ahead of time waits for its Init by now. Its frame stays in the pipe, for whoever claims the sandbox.</summary>
internal static class RuntimeHello
{
    /// <summary>On a machine that has so much else to do it is taken for ready: a claim gives it its share of the CPU, and the init deadline is the claimer's.</summary>
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(5);

    /// <returns>False when it has ended.</returns>
    public static async Task<bool> WaitAsync(ISandbox sandbox, TimeProvider time)
    {
        var began = time.GetTimestamp();
        while (!sandbox.Exited.IsCompleted)
        {
            if (IsReadable((int)sandbox.Responses.DangerousGetHandle()) || time.GetElapsedTime(began) >= s_limit)
                return true;
            await Task.Delay(s_between, time).ConfigureAwait(false);
        }

        return false;
    }

    private static unsafe bool IsReadable(int pipe)
    {
        var polled = new pollfd { fd = pipe, events = 1 /* POLLIN */ };
        return Kernel.Poll(&polled, 1, 0) > 0 && (polled.revents & 1) != 0;
    }
}
