using Hearth.ControlPlane.Queue;
using Xunit;

namespace Hearth.ControlPlane.Tests.Queue;

public class EventRulesTests
{
    private static readonly QueueSettings Settings = new();

    [Theory]
    [InlineData(0, 60_000)]
    [InlineData(1, 120_000)]
    public void AnErrorOfTheFunctionIsTriedAgainAfterOneAndTwoMinutes(int triesBefore, long wait) =>
        Assert.Equal(new Verdict(null, 1_000 + wait, triesBefore + 1, 0), EventRules.Judge(Event(tries: triesBefore), TestAgent.Failure, EventPolicy.Default, Settings, 1_000));

    [Theory]
    [InlineData(2, 2)]
    [InlineData(1, 1)]
    [InlineData(0, 0)]
    public void ThenItIsExhausted(int maxRetries, int triesBefore) => Assert.Equal(
        new Verdict(EventConditions.RetriesExhausted, 0, triesBefore + 1, 0),
        EventRules.Judge(Event(tries: triesBefore), TestAgent.Failure, EventPolicy.Default with { MaxRetries = maxRetries }, Settings, 1_000));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(7, 128)]
    [InlineData(8, 256)]
    [InlineData(9, 300)]
    [InlineData(1_000, 300)]
    public void ThrottlesBackOffFromOneSecondToFiveMinutesAndAreNoTries(int refusalsBefore, long seconds) => Assert.Equal(
        new Verdict(null, 1_000 + (seconds * 1_000), 1, refusalsBefore + 1),
        EventRules.Judge(Event(tries: 1, refusals: refusalsBefore), TestAgent.Throttled, EventPolicy.Default, Settings, 1_000));

    [Fact]
    public void ATryAfterTheMaximumAgeIsNotWaitedFor()
    {
        EventPolicy config = EventPolicy.Default with { MaxAge = TimeSpan.FromSeconds(60) };
        Assert.Null(EventRules.Judge(Event(), TestAgent.Failure, config, Settings, 0).Condition);
        Assert.Equal(EventConditions.EventAgeExceeded, EventRules.Judge(Event(), TestAgent.Failure, config, Settings, 1).Condition);
        Assert.Null(EventRules.Judge(Event(), TestAgent.Throttled, config, Settings, 59_000).Condition);
        Assert.Equal(EventConditions.EventAgeExceeded, EventRules.Judge(Event(), TestAgent.Throttled, config, Settings, 59_001).Condition);
        Assert.Equal((false, true), (EventRules.IsExpired(Event(), config, 60_000), EventRules.IsExpired(Event(), config, 60_001)));
    }

    private static QueuedEvent Event(int tries = 0, int refusals = 0) => new()
    {
        Sequence = 1,
        RequestId = Guid.NewGuid(),
        Function = new FunctionQueue("f", 10),
        Qualifier = null,
        AcceptedUnixMs = 0,
        Bytes = 2,
        Tries = tries,
        Refusals = refusals,
    };
}
