using System.CommandLine;

namespace Hearth.Cli.Functions;

/// <summary><c>--env K=V</c>, as often as needed. Values are never printed: they are often secrets.</summary>
internal static class EnvironmentPairs
{
    public static Option<string[]> Create()
    {
        var option = new Option<string[]>("--env", "-e")
        {
            Description = "Environment variable of the function; repeat it for more. All together at most 4 KB",
            HelpName = "K=V",
            AllowMultipleArgumentsPerToken = false,
        };
        option.Validators.Add(result =>
        {
            foreach (var token in result.Tokens)
            {
                var equals = token.Value.IndexOf('=');
                if (equals <= 0) result.AddError($"--env '{(equals < 0 ? token.Value : "")}' has no name; write K=V");
                else if (!IsName(token.Value.AsSpan(0, equals))) result.AddError($"--env '{token.Value[..equals]}' is no variable name; letters, digits and _, a letter first");
            }
        });
        return option;
    }

    public static IEnumerable<KeyValuePair<string, string>> Read(string[] pairs)
    {
        foreach (var pair in pairs)
        {
            var equals = pair.IndexOf('=');
            yield return new(pair[..equals], pair[(equals + 1)..]);
        }
    }

    // Lambda: [a-zA-Z]([a-zA-Z0-9_])+
    private static bool IsName(ReadOnlySpan<char> name)
    {
        if (name.Length < 2 || !char.IsAsciiLetter(name[0])) return false;
        foreach (var letter in name)
            if (!char.IsAsciiLetterOrDigit(letter) && letter != '_') return false;
        return true;
    }
}
