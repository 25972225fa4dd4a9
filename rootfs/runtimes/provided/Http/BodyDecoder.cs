using System.Globalization;
using System.Text;

namespace Hearth.Adapter.Http;

/// <summary>Finds the bytes of a body, by its length or chunk by chunk. Holds nothing: a line that has not come whole stays with the caller.</summary>
internal sealed class BodyDecoder(long length)
{
    private const int MaxSizeLine = 1024;

    private enum Part
    {
        Bytes,
        Size,
        AfterChunk,
        Trailers,
        End,
    }

    private Part _part = length switch { 0 => Part.End, < 0 => Part.Size, _ => Part.Bytes };
    private readonly bool _chunked = length < 0;
    private long _left = Math.Max(0, length);

    public bool IsComplete => _part == Part.End;

    public Headers Trailers { get; private set; } = new();

    /// <param name="input">What has come.</param>
    /// <param name="body">The next bytes of the body, perhaps none.</param>
    /// <returns>How many bytes of <paramref name="input"/> are used up. 0: more must come, or the body is complete.</returns>
    /// <exception cref="HttpException">The chunks are malformed.</exception>
    public int Decode(ReadOnlySpan<byte> input, out ReadOnlySpan<byte> body)
    {
        body = default;
        switch (_part)
        {
            case Part.Bytes:
                body = input[..(int)Math.Min(input.Length, _left)];
                _left -= body.Length;
                if (_left == 0)
                    _part = _chunked ? Part.AfterChunk : Part.End;
                return body.Length;
            case Part.Size:
                return Line(input, out var size) is > 0 and var used ? Begin(size, used) : 0;
            case Part.AfterChunk:
                if (Line(input, out var nothing) is not (> 0 and var passed))
                    return 0;
                _part = nothing.IsEmpty ? Part.Size : throw new HttpException(400, "a chunk is longer than it says");
                return passed;
            case Part.Trailers:
                return End(input);
            default:
                return 0;
        }
    }

    private int Begin(ReadOnlySpan<byte> line, int used)
    {
        var extension = line.IndexOf((byte)';');
        var digits = Encoding.Latin1.GetString(extension < 0 ? line : line[..extension]).Trim();
        if (digits.Length is 0 or > 15 || !long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out _left))
            throw new HttpException(400, "the size of a chunk is no hexadecimal number");
        _part = _left == 0 ? Part.Trailers : Part.Bytes;
        return used;
    }

    private int End(ReadOnlySpan<byte> input)
    {
        // No trailers: the empty line comes at once.
        var end = input.StartsWith("\r\n"u8) ? 2 : input.StartsWith("\n"u8) ? 1 : HttpRequest.FindEnd(input);
        if (end == 0)
            return input.Length <= HttpRequest.MaxHead ? 0 : throw new HttpException(431, $"the trailers are over {HttpRequest.MaxHead} bytes");
        Trailers = HttpRequest.ParseFields(input[..end]);
        _part = Part.End;
        return end;
    }

    private static int Line(ReadOnlySpan<byte> input, out ReadOnlySpan<byte> line)
    {
        var end = input.IndexOf((byte)'\n');
        if (end < 0 && input.Length > MaxSizeLine)
            throw new HttpException(400, "the line before a chunk is too long");
        line = end < 0 ? default : input[..end];
        if (line is [.. var text, (byte)'\r'])
            line = text;
        return end + 1;
    }
}
