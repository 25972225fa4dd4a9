using Hearth.Agent.Ingress;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace Hearth.Agent.Tests.Ingress;

public sealed class HopByHopTests
{
    [Fact]
    public void What_the_connection_names_is_not_passed_on()
    {
        var both = new HopByHop(new StringValues(["keep-alive, X-One ,", "x-two"]));
        foreach (var name in (string[])["Connection", "te", "Transfer-Encoding", "x-one", "X-Two"])
            Assert.True(both.Includes(name), name);
        foreach (var name in (string[])["X-Three", "Host", "close", ""])
            Assert.False(both.Includes(name), name);
        Assert.False(new HopByHop(default).Includes("X-One"));
        Assert.True(HopByHop.Always("upgrade"));
    }

    [Fact]
    public void A_long_one_is_read_once_and_not_for_each_header()
    {
        // As much as a request's headers may be, in a hundred lines.
        var connection = new StringValues(string.Join(',', Enumerable.Repeat("a", 15_000)));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var hopByHop = new HopByHop(connection);
        for (var i = 0; i < 100; i++)
            Assert.False(hopByHop.Includes("X-Header"));
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4 << 20);
    }
}
