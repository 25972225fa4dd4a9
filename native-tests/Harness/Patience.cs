using System.Diagnostics;

namespace Hearth.NativeTests.Harness;

/// <summary>How long to wait before a thing counts as hung: never how fast it must be. Multiplied by HEARTH_TIME_FACTOR, which the test VM measures.</summary>
internal static class Patience
{
    private static readonly int Factor =
        int.TryParse(Environment.GetEnvironmentVariable("HEARTH_TIME_FACTOR"), out var factor) ? Math.Clamp(factor, 1, 100) : 1;

    public static TimeSpan Seconds(double seconds) => TimeSpan.FromSeconds(seconds * Factor);

    /// <summary>Asks again until the answer is true.</summary>
    /// <exception cref="TimeoutException">It was not, in all that time.</exception>
    public static async Task UntilAsync(string what, Func<Task<bool>> holds, double seconds = 30)
    {
        // Not by the time of day, which a machine may set right meanwhile.
        var began = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            if (Stopwatch.GetElapsedTime(began) > Seconds(seconds))
                throw new TimeoutException($"{what}: not within {Seconds(seconds).TotalSeconds:0} s");
            await Task.Delay(50);
        }
    }

    public static Task UntilAsync(string what, Func<bool> holds, double seconds = 30) => UntilAsync(what, () => Task.FromResult(holds()), seconds);
}
