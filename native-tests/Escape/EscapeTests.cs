using Xunit;

namespace Hearth.NativeTests.Escape;

/// <summary>Each row tries one forbidden thing from inside a sandbox, as tenant code would: see probes/.</summary>
[Collection(EscapeCollection.Name)]
public sealed class EscapeTests(ProbeNode node)
{
    public static TheoryData<string> Probes => [.. ProbeList.All];

    [Theory]
    [MemberData(nameof(Probes))]
    public async Task Refused_inside(string probe)
    {
        var finding = await node.RunAsync(probe);
        Assert.True(finding.Refused, $"{probe} was granted: {finding.How}");
        TestContext.Current.TestOutputHelper?.WriteLine(finding.How);
    }

    [Fact]
    public void The_suite_is_whole() => Assert.InRange(ProbeList.All.Count, 100, int.MaxValue);
}
