using Hearth.Agent.Scheduling;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Xunit;

namespace Hearth.Agent.Tests.Scheduling;

public sealed class ConcurrencyTests
{
    private const string Reserved = "ReservedFunctionConcurrentInvocationLimitExceeded";
    private const string Shared = "ConcurrentInvocationLimitExceeded";

    [Fact]
    public void What_is_reserved_is_guaranteed_and_capped_and_the_rest_is_shared()
    {
        var limits = new ConcurrencyLimits(10);
        limits.Reserve("own", 4);
        var (own, other, third) = (limits.Of("own"), limits.Of("other"), limits.Of("third"));
        Fill(limits, other, 3, null);
        Fill(limits, third, 3, null);
        Assert.Equal(Shared, limits.Refusal(other)?.Reason);
        Fill(limits, own, 4, null);
        Assert.Equal(Reserved, limits.Refusal(own)?.Reason);

        // While invocations run, a reservation can come and go.
        limits.Reserve("own", -1);
        Assert.Equal(Shared, limits.Refusal(own)?.Reason);
        limits.Leave(other);
        Assert.Null(limits.Refusal(own));
        limits.Reserve("third", 0);
        Assert.Equal(Reserved, limits.Refusal(third)?.Reason);
        for (var i = 0; i < 4; i++)
            limits.Leave(own);
        Fill(limits, other, 5, null);
        Assert.Equal(Shared, limits.Refusal(other)?.Reason);
    }

    [Fact]
    public void A_burst_is_as_large_as_the_rate_and_comes_back_with_time()
    {
        var time = new ManualTime();
        var limits = new ConcurrencyLimits(1_000, rate: 5, time);
        limits.Reserve("own", 100);
        var (own, other) = (limits.Of("own"), limits.Of("other"));
        Fill(limits, other, 5, null);
        Assert.Equal("FunctionInvocationRateLimitExceeded", limits.Refusal(other)?.Reason);
        // One function's burst is not another's.
        Fill(limits, own, 5, null);
        Assert.Equal("ReservedFunctionInvocationRateLimitExceeded", limits.Refusal(own)?.Reason);
        time.Advance(TimeSpan.FromMilliseconds(199));
        Assert.NotNull(limits.Refusal(other));
        time.Advance(TimeSpan.FromMilliseconds(1));
        Fill(limits, other, 1, null);
        Assert.NotNull(limits.Refusal(other));
        time.Advance(TimeSpan.FromMinutes(1));
        Fill(limits, other, 5, null);
        Assert.NotNull(limits.Refusal(other));
    }

    [Fact]
    public async Task A_reservation_of_nothing_refuses_every_version()
    {
        await using var node = await TestNode.StartAsync();
        var spec = await node.DeployAsync("f", "def handler(event, context):\n    return 1\n");
        var version = spec.Clone();
        version.Version = "1";
        foreach (var (reserved, status) in new[] { (-1, 200), (0, 429), (1, 200) })
        {
            spec = spec.Clone();
            version = version.Clone();
            spec.ReservedConcurrency = version.ReservedConcurrency = reserved;
            node.Control.Put(new FunctionSet { FunctionName = "f", Versions = { spec, version } });
            // Not when the catalogue has it: the scheduler is told after that.
            await node.Control.AppliedAsync();
            foreach (var name in new[] { "f", "f:1" })
            {
                var answer = await node.InvokeAsync(name);
                Assert.Equal(status, answer.Status);
                if (status == 429)
                    Assert.Contains($"\"Reason\":\"{Reserved}\"", answer.Text, StringComparison.Ordinal);
            }
        }
    }

    private static void Fill(ConcurrencyLimits limits, FunctionUse use, int count, string? refusal)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(refusal, limits.Refusal(use)?.Reason);
            limits.Enter(use);
        }
    }
}
