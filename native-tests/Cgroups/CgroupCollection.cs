using Xunit;

namespace Hearth.NativeTests.Cgroups;

/// <summary>The tests that make groups run one at a time: they share the group that the run was started in.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class CgroupCollection
{
    public const string Name = "cgroups";
}
