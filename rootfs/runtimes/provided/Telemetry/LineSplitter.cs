namespace Hearth.Adapter.Telemetry;

/// <summary>Lines of what a process prints. A line over 256 KiB, which is what Lambda's log takes, becomes several.</summary>
internal sealed class LineSplitter(TelemetryHub hub, bool ofExtension, Func<bool> isJson)
{
    private const int MaxLine = 256 * 1024;
    private byte[] _held = [];

    public void Add(ReadOnlySpan<byte> bytes)
    {
        if (!hub.IsWanted)
        {
            _held = [];
            return;
        }
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            if (end < 0 && _held.Length + bytes.Length < MaxLine)
            {
                _held = [.. _held, .. bytes];
                return;
            }
            var piece = end < 0 ? bytes : bytes[..end];
            hub.Line(ofExtension, _held.Length == 0 ? piece : [.. _held, .. piece], isJson());
            _held = [];
            bytes = bytes[(end < 0 ? piece.Length : end + 1)..];
        }
    }
}
