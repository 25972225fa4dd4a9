using System.Globalization;

namespace Hearth.Adapter;

/// <summary>Where things lie, and what runs the function. A sandbox gives the client, or nothing; tests give folders of their own and port 0.</summary>
/// <param name="Port">On 127.0.0.1. 0: any free one.</param>
/// <param name="Task">The function's code, where its process starts.</param>
/// <param name="Opt">The layers.</param>
internal sealed record AdapterOptions(int Port = 9001, string Task = "/var/task", string Opt = "/opt")
{
    /// <summary>The client of a language that speaks frames, and its arguments; null: the function brings a bootstrap.</summary>
    public string[]? Client { get; private init; }

    /// <returns>What is wrong with the arguments, or null.</returns>
    public static string? TryParse(string[] arguments, out AdapterOptions options)
    {
        options = new AdapterOptions();
        for (var i = 0; i < arguments.Length; i++)
        {
            var (name, value) = (arguments[i], i + 1 < arguments.Length ? arguments[++i] : null);
            switch (name, value)
            {
                case ("--port", not null) when int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= ushort.MaxValue:
                    options = options with { Port = port };
                    break;
                case ("--task", not null):
                    options = options with { Task = value.TrimEnd('/') };
                    break;
                case ("--opt", not null):
                    options = options with { Opt = value.TrimEnd('/') };
                    break;
                case ("--client", not null):
                    // The rest is the client's.
                    options = options with { Client = arguments[i..] };
                    return null;
                default:
                    return $"'{name}' is not known or has no value; options are --port N, --task DIR, --opt DIR and, last, --client PROGRAM [ARGUMENT...]";
            }
        }
        return null;
    }
}
