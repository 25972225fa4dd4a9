using System.Text;

namespace Hearth.Cli.Node;

/// <summary>
/// Reads what a process prints, line by line. Of a line only the first letters are kept, however long it is: <c>Process.BeginOutputReadLine</c> would gather one
/// without an end until this process has no memory left, and up is root's and holds the node together.
/// </summary>
internal static class BoundedLines
{
    /// <summary>In UTF-16 units.</summary>
    public const int MaxLength = 4096;

    /// <summary>Until the end of the stream; a last line without an end counts.</summary>
    public static async Task ReadAsync(TextReader reader, Action<string> line)
    {
        var buffer = new char[4096];
        var kept = new StringBuilder();
        var begun = false;
        int read;
        while ((read = await Next(reader, buffer)) > 0)
        {
            for (var start = 0; start < read;)
            {
                var end = Array.IndexOf(buffer, '\n', start, read - start);
                var piece = buffer.AsSpan(start, (end < 0 ? read : end) - start);
                kept.Append(piece[..Math.Min(piece.Length, MaxLength - kept.Length)]);
                begun = end < 0;
                if (end < 0) break;
                Pass(kept, line);
                start = end + 1;
            }
        }
        if (begun) Pass(kept, line);
    }

    private static async Task<int> Next(TextReader reader, char[] buffer)
    {
        try
        {
            return await reader.ReadAsync(buffer);
        }
        catch (Exception ended) when (ended is IOException or ObjectDisposedException)
        {
            return 0;
        }
    }

    private static void Pass(StringBuilder kept, Action<string> line)
    {
        line(kept.ToString().TrimEnd('\r'));
        kept.Clear();
    }
}
