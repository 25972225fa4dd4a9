using System.Text;

namespace Hearth.Contracts.Logs;

/// <summary>
/// A filter pattern of CloudWatch Logs: terms that must all occur, <c>-term</c> that must not, <c>?term</c> of which one must, <c>"several words"</c>; or, in braces, a condition on
/// fields of a line that is JSON (<see cref="JsonCondition"/>). Case counts. Source: "Filter pattern syntax" of the CloudWatch Logs user guide.
/// </summary>
public sealed class LogPattern
{
    /// <summary>Of the service model.</summary>
    public const int MaxLength = 1_024;

    private readonly List<string> _all = [];
    private readonly List<string> _none = [];
    private readonly List<string> _any = [];
    private JsonCondition? _json;

    private LogPattern()
    {
    }

    public static LogPattern Everything { get; } = new();

    /// <returns>Null when it is not a pattern that is understood; <paramref name="error"/> says why.</returns>
    public static LogPattern? TryParse(string text, out string error)
    {
        error = "";
        ReadOnlySpan<char> rest = text.AsSpan().Trim();
        if (rest.IsEmpty)
            return Everything;
        if (text.Length > MaxLength)
            return Refuse($"longer than {MaxLength} characters", out error);
        if (rest[0] == '{')
            return JsonCondition.TryParse(rest, out error) is { } condition ? new LogPattern { _json = condition } : null;
        if (rest[0] is '[' or '%')
            return Refuse("patterns of columns ([…]) and regular expressions (%…%) are not supported", out error);
        var pattern = new LogPattern();
        while (!(rest = rest.TrimStart()).IsEmpty)
        {
            List<string> kind = rest[0] switch
            {
                '-' => pattern._none,
                '?' => pattern._any,
                _ => pattern._all,
            };
            if (rest[0] is '-' or '?')
                rest = rest[1..];
            if (!TryTakeTerm(ref rest, out string term))
                return Refuse("a quotation mark is not closed, or a term is empty", out error);
            kind.Add(term);
        }

        // AWS ignores optional terms beside others.
        if (pattern._all.Count + pattern._none.Count > 0)
            pattern._any.Clear();
        return pattern;
    }

    public bool Matches(string line)
    {
        if (_json is not null)
            return _json.Matches(line);
        foreach (string term in _all)
        {
            if (!line.Contains(term, StringComparison.Ordinal))
                return false;
        }

        foreach (string term in _none)
        {
            if (line.Contains(term, StringComparison.Ordinal))
                return false;
        }

        return _any.Count == 0 || _any.Exists(term => line.Contains(term, StringComparison.Ordinal));
    }

    private static bool TryTakeTerm(ref ReadOnlySpan<char> rest, out string term)
    {
        if (rest.IsEmpty || rest[0] != '"')
        {
            int end = rest.IndexOfAny(' ', '\t', '\n');
            term = (end < 0 ? rest : rest[..end]).ToString();
            rest = end < 0 ? [] : rest[end..];
            return term.Length > 0;
        }

        var text = new StringBuilder();
        for (int i = 1; i < rest.Length; i++)
        {
            if (rest[i] == '"')
            {
                term = text.ToString();
                rest = rest[(i + 1)..];
                return term.Length > 0;
            }

            if (rest[i] == '\\' && i + 1 < rest.Length)
                i++;
            text.Append(rest[i]);
        }

        term = "";
        return false;
    }

    private static LogPattern? Refuse(string why, out string error)
    {
        error = why;
        return null;
    }
}
