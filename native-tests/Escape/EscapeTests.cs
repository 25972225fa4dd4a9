using Xunit;

namespace Hearth.NativeTests.Escape;

/// <summary>Each row tries one forbidden thing from inside a sandbox, as tenant code would: see probes/.</summary>
[Collection(EscapeCollection.Name)]
public sealed class EscapeTests(ProbeNode node)
{
    public static MatrixTheoryData<string, Start> Probes => new(ProbeList.All, Enum.GetValues<Start>());

    [Theory]
    [MemberData(nameof(Probes))]
    public async Task Refused_inside(string probe, Start start)
    {
        var finding = await node.RunAsync(probe, start);
        Assert.True(finding.Refused, $"{probe} was granted: {finding.How}");
        TestContext.Current.TestOutputHelper?.WriteLine(finding.How);
    }

    [Theory]
    [InlineData(Start.WhenNeeded)]
    [InlineData(Start.AheadOfTime)]
    [InlineData(Start.ByZygote)]
    public async Task The_runtime_was_started_as_the_suite_says(Start start) => Assert.Equal(start, await node.StartOfAsync(start));

    [Fact]
    public void The_suite_is_whole() => Assert.InRange(ProbeList.All.Count, 100, int.MaxValue);
}
