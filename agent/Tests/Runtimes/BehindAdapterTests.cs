using Xunit;

namespace Hearth.Agent.Tests.Runtimes;

/// <summary>What holds for each language's client holds behind the adapter as well.</summary>
public sealed class BehindAdapterTests : EveryLanguageTests
{
    private const string Api = "AWS_LAMBDA_RUNTIME_API";

    protected override int HellosOfTwoStarts => 1;

    protected override string Complaint => "hearth-adapter: ";

    protected override RuntimeLanguage Language(string name) => RuntimeLanguage.Of(name).BehindAdapter();

    protected override IEnumerable<KeyValuePair<string, string>> OfInit(IEnumerable<KeyValuePair<string, string>> seen)
    {
        Assert.StartsWith("127.0.0.1:", seen.Single(static variable => variable.Key == Api).Value, StringComparison.Ordinal);
        return seen.Where(static variable => variable.Key != Api);
    }
}
