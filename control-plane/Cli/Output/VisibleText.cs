using System.Text;

namespace Hearth.Cli.Output;

/// <summary>Text that others wrote, for a terminal: control characters are shown as \x1b and the like, so that it can neither drive the terminal nor hide what was printed.</summary>
internal static class VisibleText
{
    /// <summary>One line of it: line ends are shown too, tabs stay.</summary>
    public static string Line(string text) => Show(text, "\t");

    /// <summary>Line ends stay too; a carriage return, which would print over the line, does not.</summary>
    public static string Lines(string text) => Show(text, "\t\n");

    private static string Show(string text, string kept)
    {
        if (!text.Any(letter => char.IsControl(letter) && !kept.Contains(letter))) return text;
        var shown = new StringBuilder(text.Length + 16);
        foreach (var letter in text)
            if (char.IsControl(letter) && !kept.Contains(letter)) shown.Append($"\\x{(int)letter:x2}");
            else shown.Append(letter);
        return shown.ToString();
    }
}
