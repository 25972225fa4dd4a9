using Hearth.Contracts.V1;

namespace Hearth.Agent.Functions;

/// <summary>Where an alias leads. Immutable.</summary>
internal sealed class AliasRoute(AliasSpec spec)
{
    public AliasSpec Spec => spec;

    /// <param name="roll">From 0 up to, and without, 1; new for each invocation.</param>
    public string Choose(double roll) =>
        spec.AdditionalVersion.Length > 0 && roll < spec.AdditionalWeight ? spec.AdditionalVersion : spec.FunctionVersion;
}
