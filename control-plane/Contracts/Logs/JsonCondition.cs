using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Hearth.Contracts.Logs;

/// <summary>
/// <c>{ $.level = "ERROR" &amp;&amp; ($.ms > 100 || $.user.name = "a*") }</c>: = and != with text (* stands for anything at its ends), all six comparisons with numbers, IS NULL, IS TRUE,
/// IS FALSE, NOT EXISTS. A line that is not JSON does not match.
/// </summary>
public sealed class JsonCondition
{
    /// <summary>Of parentheses.</summary>
    private const int MaxDepth = 32;

    private readonly Func<JsonElement, bool> _test;

    private JsonCondition(Func<JsonElement, bool> test) => _test = test;

    public static JsonCondition? TryParse(ReadOnlySpan<char> text, out string error)
    {
        error = "";
        if (text[^1] != '}')
        {
            error = "the closing brace is missing";
            return null;
        }

        var parser = new Parser(text[1..^1].ToString());
        if (parser.TryReadWhole() is { } test)
            return new JsonCondition(test);
        error = $"not understood from its character {parser.Position + 2} on";
        return null;
    }

    public bool Matches(string line)
    {
        ReadOnlySpan<char> trimmed = line.AsSpan().TrimStart();
        if (trimmed.IsEmpty || trimmed[0] is not ('{' or '['))
            return false;
        try
        {
            using JsonDocument document = JsonDocument.Parse(line);
            return _test(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: half of a surrogate pair, which JSON may hold and a string may not.
            return false;
        }
    }

    private sealed class Parser(string text)
    {
        // Longer ones first.
        private static readonly string[] s_signs = ["!=", "<=", ">=", "=", "<", ">"];

        private int _depth;

        public int Position { get; private set; }

        public Func<JsonElement, bool>? TryReadWhole() => Either() is { } test && Skip() == text.Length ? test : null;

        private Func<JsonElement, bool>? Either()
        {
            Func<JsonElement, bool>? left = Both();
            while (left is not null && Take("||"))
            {
                if (Both() is not { } right)
                    return null;
                Func<JsonElement, bool> first = left;
                left = e => first(e) || right(e);
            }

            return left;
        }

        private Func<JsonElement, bool>? Both()
        {
            Func<JsonElement, bool>? left = One();
            while (left is not null && Take("&&"))
            {
                if (One() is not { } right)
                    return null;
                Func<JsonElement, bool> first = left;
                left = e => first(e) && right(e);
            }

            return left;
        }

        private Func<JsonElement, bool>? One()
        {
            if (Take("("))
            {
                if (++_depth > MaxDepth)
                    return null;
                Func<JsonElement, bool>? inner = Either();
                _depth--;
                return inner is not null && Take(")") ? inner : null;
            }

            if (Path() is not { } path)
                return null;
            if (Word("NOT"))
                return Word("EXISTS") ? e => Find(e, path) is null : null;
            if (Word("IS"))
            {
                JsonValueKind? kind = Word("NULL") ? JsonValueKind.Null : Word("TRUE") ? JsonValueKind.True : Word("FALSE") ? JsonValueKind.False : null;
                return kind is null ? null : e => Find(e, path)?.ValueKind == kind;
            }

            string? sign = s_signs.FirstOrDefault(Take);
            return sign is null || Value() is not { } value ? null : e => Find(e, path) is { } found && Compare(found, sign, value.Text, value.IsQuoted);
        }

        private string[]? Path()
        {
            if (!Take("$"))
                return null;
            var parts = new List<string>();
            while (Position < text.Length && text[Position] is '.' or '[')
            {
                bool isIndex = text[Position++] == '[';
                int start = Position;
                while (Position < text.Length && (char.IsLetterOrDigit(text[Position]) || text[Position] is '_' or '-' or '@' or '"' or '\''))
                    Position++;
                string part = text[start..Position].Trim('"', '\'');
                if (part.Length == 0 || (isIndex && (Position >= text.Length || text[Position++] != ']')))
                    return null;
                parts.Add(part);
            }

            return parts.Count > 0 ? [.. parts] : null;
        }

        private (string Text, bool IsQuoted)? Value()
        {
            Skip();
            if (Position < text.Length && text[Position] == '"')
            {
                var value = new StringBuilder();
                for (Position++; Position < text.Length; Position++)
                {
                    if (text[Position] == '"')
                    {
                        Position++;
                        return (value.ToString(), true);
                    }

                    if (text[Position] == '\\' && Position + 1 < text.Length)
                        Position++;
                    value.Append(text[Position]);
                }

                return null;
            }

            int start = Position;
            while (Position < text.Length && !char.IsWhiteSpace(text[Position]) && text[Position] is not (')' or '(' or '&' or '|' or '='))
                Position++;
            return Position > start ? (text[start..Position], false) : null;
        }

        private static bool Compare(JsonElement found, string sign, string value, bool isQuoted)
        {
            if (!isQuoted && double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
            {
                if (found.ValueKind != JsonValueKind.Number)
                    return false;
                double actual = found.GetDouble();
                return sign switch
                {
                    "=" => actual == number,
                    "!=" => actual != number,
                    "<" => actual < number,
                    ">" => actual > number,
                    "<=" => actual <= number,
                    _ => actual >= number,
                };
            }

            string? own = found.ValueKind switch
            {
                JsonValueKind.String => found.GetString(),
                JsonValueKind.Number or JsonValueKind.True or JsonValueKind.False => found.GetRawText(),
                _ => null,
            };
            return own is not null && (sign == "=" ? Like(own, value) : sign == "!=" && !Like(own, value));
        }

        private static bool Like(string own, string value)
        {
            bool before = value.StartsWith('*'), after = value.Length > 1 && value.EndsWith('*');
            string core = value[(before ? 1 : 0)..(after ? value.Length - 1 : value.Length)];
            return (before, after) switch
            {
                (true, true) => own.Contains(core, StringComparison.Ordinal),
                (true, false) => own.EndsWith(core, StringComparison.Ordinal),
                (false, true) => own.StartsWith(core, StringComparison.Ordinal),
                _ => own == core,
            };
        }

        private static JsonElement? Find(JsonElement element, string[] path)
        {
            foreach (string part in path)
            {
                if (element.ValueKind == JsonValueKind.Object && element.TryGetProperty(part, out JsonElement member))
                    element = member;
                else if (element.ValueKind == JsonValueKind.Array && int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out int index) && index < element.GetArrayLength())
                    element = element[index];
                else
                    return null;
            }

            return element;
        }

        private bool Word(string word)
        {
            int before = Position;
            if (Take(word) && (Position == text.Length || !char.IsLetterOrDigit(text[Position])))
                return true;
            Position = before;
            return false;
        }

        private bool Take(string token)
        {
            Skip();
            if (string.CompareOrdinal(text, Position, token, 0, token.Length) != 0)
                return false;
            Position += token.Length;
            return true;
        }

        private int Skip()
        {
            while (Position < text.Length && char.IsWhiteSpace(text[Position]))
                Position++;
            return Position;
        }
    }
}
