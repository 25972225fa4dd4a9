using BenchmarkDotNet.Attributes;

namespace Hearth.Bench.Micro;

/// <summary>In steady state one operation allocates 0 bytes; the run fails when it does not.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
public sealed class MustNotAllocateAttribute() : BenchmarkCategoryAttribute(Category)
{
    public const string Category = "must not allocate";
}
