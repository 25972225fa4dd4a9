namespace Hearth.Agent.Reporting.Logs;

/// <summary>The last 4 KB of what an invocation wrote to its log (Lambda's X-Amz-Log-Result).</summary>
internal sealed class LogTail
{
    private const int Size = 4096;
    private readonly byte[] _bytes = new byte[2 * Size];
    private int _length;

    public void Append(ReadOnlySpan<byte> line)
    {
        Put(line);
        Put("\n"u8);
    }

    public string ToBase64() => Convert.ToBase64String(_bytes, Math.Max(0, _length - Size), Math.Min(_length, Size));

    private void Put(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > Size)
            bytes = bytes[^Size..];
        if (_length + bytes.Length > _bytes.Length)
        {
            _bytes.AsSpan(_length - Size, Size).CopyTo(_bytes);
            _length = Size;
        }
        bytes.CopyTo(_bytes.AsSpan(_length));
        _length += bytes.Length;
    }
}
