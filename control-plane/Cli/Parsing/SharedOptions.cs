using System.CommandLine;
using Hearth.Cli.Connection;

namespace Hearth.Cli.Parsing;

/// <summary>Options that mean the same in every command.</summary>
internal static class SharedOptions
{
    public static Option<string> Data { get; } = new("--data")
    {
        Description = $"Data directory of the node. Default: $HEARTH_DATA, else {NodeLocation.DefaultPath}",
        Recursive = true,
        HelpName = "DIR",
    };

    public static Option<bool> Json() => new("--json") { Description = "Print JSON for scripts" };

    public static Argument<string> FunctionName() => new("NAME") { Description = "Name of the function" };

    /// <summary>A whole number with a range, refused outside of it with the range in the message.</summary>
    public static Option<int?> Number(string name, string description, int minimum, int maximum)
    {
        var option = new Option<int?>(name) { Description = description, HelpName = "N" };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is { } value && (value < minimum || value > maximum))
                result.AddError($"{name} {value} is out of range: {minimum} to {maximum}");
        });
        return option;
    }
}
