namespace Hearth.Wire;

/// <summary>The peer broke the protocol: its pipe says nothing trustworthy any more. Close that sandbox (or, in a runtime, exit 1).</summary>
public sealed class WireException : Exception
{
    public WireException(string cause, long offset, Exception? inner = null)
        : base($"{cause} (byte {offset} of the stream)", inner)
    {
        Cause = cause;
        Offset = offset;
    }

    /// <summary>What was wrong, without values that the peer sent.</summary>
    public string Cause { get; }

    /// <summary>Where the frame with the fault begins, in bytes since the pipe was opened.</summary>
    public long Offset { get; }
}
