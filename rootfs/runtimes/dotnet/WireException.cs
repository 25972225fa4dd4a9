namespace Hearth.Runtime;

/// <summary>The agent broke the protocol.</summary>
internal sealed class WireException(string message) : Exception(message);
