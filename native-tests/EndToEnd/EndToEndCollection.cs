using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Nodes are started one at a time: the tests share two processors, and each looks at the whole machine for leaks.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class EndToEndCollection
{
    public const string Name = "end to end";
}
