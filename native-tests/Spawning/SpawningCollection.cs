using Xunit;

namespace Hearth.NativeTests.Spawning;

/// <summary>One after the other: some count descriptors, some make many sandboxes.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class SpawningCollection
{
    public const string Name = "spawning";
}
