using Xunit;

namespace Hearth.NativeTests.Escape;

/// <summary>Each row tries one forbidden thing from inside a sandbox, as tenant code would: see probes/.</summary>
[Collection(EscapeCollection.Name)]
public sealed class EscapeTests(ProbeNode node)
{
    public static MatrixTheoryData<string, bool> Probes => new(ProbeList.All, [false, true]);

    [Theory]
    [MemberData(nameof(Probes))]
    public async Task Refused_inside(string probe, bool isAheadOfTime)
    {
        var finding = await node.RunAsync(probe, isAheadOfTime);
        Assert.True(finding.Refused, $"{probe} was granted: {finding.How}");
        TestContext.Current.TestOutputHelper?.WriteLine(finding.How);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_runtime_was_started_when_the_suite_says(bool isAheadOfTime) => Assert.Equal(isAheadOfTime, await node.WasAheadOfTimeAsync(isAheadOfTime));

    [Fact]
    public void The_suite_is_whole() => Assert.InRange(ProbeList.All.Count, 100, int.MaxValue);
}
