using System.Diagnostics;
using Xunit;

namespace Hearth.ControlPlane.Tests.Support;

/// <summary>Waits for what another thread or process does in its own time. The limit only ends a test that has failed.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static Task TrueAsync(Func<bool> holds, Func<string> otherwise) => TrueAsync(() => Task.FromResult(holds()), otherwise);

    /// <param name="otherwise">What the failure says.</param>
    public static async Task TrueAsync(Func<Task<bool>> holds, Func<string> otherwise)
    {
        long began = Stopwatch.GetTimestamp();
        while (!await holds())
        {
            if (Stopwatch.GetElapsedTime(began) > Limit)
                Assert.Fail(otherwise());
            await Task.Delay(10, TestContext.Current.CancellationToken);
        }
    }
}
