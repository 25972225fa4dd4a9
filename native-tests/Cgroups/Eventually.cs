using System.Diagnostics;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.Cgroups;

/// <summary>Waits for what the kernel does in its own time. The limit only ends a test that has failed.</summary>
public static class Eventually
{
    public static void Is(Func<bool> condition, string what)
    {
        var watch = Stopwatch.StartNew();
        while (!condition())
        {
            if (watch.Elapsed > Patience.Seconds(60))
                Assert.Fail($"never came true: {what}");
            Thread.Sleep(5);
        }
    }
}
