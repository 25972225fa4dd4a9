using System.Diagnostics;
using System.Runtime.CompilerServices;
using Xunit;

namespace Hearth.Agent.Tests.Fakes;

/// <summary>Waits for what other threads do. The limit only ends a test that hangs.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(60);

    public static Task True(Func<bool> condition, [CallerArgumentExpression(nameof(condition))] string? what = null) => TrueAsync(() => Task.FromResult(condition()), what);

    public static async Task TrueAsync(Func<Task<bool>> condition, [CallerArgumentExpression(nameof(condition))] string? what = null)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await condition())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < s_limit, $"never became true: {what}");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
