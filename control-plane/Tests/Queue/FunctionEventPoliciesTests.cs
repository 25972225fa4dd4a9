using System.Collections.Immutable;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Queue;
using Xunit;

namespace Hearth.ControlPlane.Tests.Queue;

public class FunctionEventPoliciesTests
{
    [Fact]
    public async Task WhatIsNotSaidIsAtItsDefault()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        var policies = new FunctionEventPolicies(q.Functions);
        EventPolicy own = EventPolicy.Default with { Timeout = TimeSpan.FromSeconds(3) };
        Assert.Equal(own, policies.Of("f", null));
        Assert.Equal(EventPolicy.Default, policies.Of("nobody", "1"));

        q.Functions.Change("f", f => f! with
        {
            Latest = f.Latest with { DeadLetterTargetArn = "arn:d" },
            EventInvoke = f.EventInvoke.Add("$LATEST", new EventInvokeConfig("f", "$LATEST", 1, 60, "arn:s", "arn:f", default)).Add("live", new EventInvokeConfig("f", "live", null, null, null, "arn:x", default)),
        });
        EventPolicy said = new EventPolicy(1, TimeSpan.FromMinutes(1), "arn:s", "arn:f") { DeadLetterTarget = "arn:d", Timeout = TimeSpan.FromSeconds(3) };
        Assert.Equal(said, policies.Of("f", null));
        Assert.Equal(said, policies.Of("f", "$LATEST"));
        Assert.Equal((2, "arn:x"), (policies.Of("f", "live").MaxRetries, policies.Of("f", "live").OnFailure));
        Assert.Equal(EventPolicy.Default.MaxAge, policies.Of("f", "live").MaxAge);
    }

    [Fact]
    public async Task ReservedConcurrencyOfZeroClosesAFunction()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        var policies = new FunctionEventPolicies(q.Functions);
        q.Functions.Change("f", f => f! with { ReservedConcurrency = 1 });
        Assert.False(policies.Of("f", null).IsClosed);
        q.Functions.Change("f", f => f! with { ReservedConcurrency = 0 });
        Assert.True(policies.Of("f", "any").IsClosed);
    }

    [Fact]
    public async Task AnAliasOfTwoVersionsMayRunAsLongAsTheSlowerOne()
    {
        await using QueueFixture q = new QueueFixture().Function("f");
        q.Functions.Change("f", f => f! with
        {
            Versions = ImmutableSortedDictionary<long, FunctionDefinition>.Empty
                .Add(1, f.Latest with { Version = "1", TimeoutSeconds = 10, DeadLetterTargetArn = "arn:one" }).Add(2, f.Latest with { Version = "2", TimeoutSeconds = 20 }),
            Aliases = f.Aliases.Add("live", new AliasDefinition("f", "live", "1", "", "2", 0.1, "r")),
        });
        EventPolicy policy = new FunctionEventPolicies(q.Functions).Of("f", "live");
        Assert.Equal((TimeSpan.FromSeconds(20), "arn:one"), (policy.Timeout, policy.DeadLetterTarget));
    }
}
