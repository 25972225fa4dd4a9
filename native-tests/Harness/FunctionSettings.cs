namespace Hearth.NativeTests.Harness;

/// <summary>What CreateFunction is told; the defaults are Lambda's but for the handler.</summary>
public sealed record FunctionSettings(string Name, string Runtime = "python3.11", string Handler = "handler.handle", int MemoryMb = 128, int TimeoutSeconds = 3, int TmpMb = 512)
{
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>ARNs of layer versions, in order.</summary>
    public IReadOnlyList<string> Layers { get; init; } = [];
}
