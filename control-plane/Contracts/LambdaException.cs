namespace Hearth.Contracts;

/// <summary>A request that is refused: each adapter turns <see cref="Error"/> into its own form.</summary>
public sealed class LambdaException(LambdaError error) : Exception(error.Message)
{
    public LambdaError Error { get; } = error;
}
