using Xunit;

namespace Hearth.NativeTests.Escape;

/// <summary>One node serves all probes; it is started once.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class EscapeCollection : ICollectionFixture<ProbeNode>
{
    public const string Name = "escape";
}
