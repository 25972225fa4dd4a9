namespace Hearth.Contracts;

/// <summary>The program of a machine that runs functions of a language. Sandboxes start exactly this path.</summary>
/// <param name="Language">As in RuntimeInfo: python, nodejs, dotnet.</param>
/// <param name="Path">Absolute.</param>
/// <param name="VersionArguments">With which the program prints its version and ends.</param>
/// <param name="VersionPrefix">What stands before the version, in the line that has it.</param>
/// <param name="Install">What an operator does to have it.</param>
public sealed record LanguageProgram(string Language, string Path, IReadOnlyList<string> VersionArguments, string VersionPrefix, string Install)
{
    public static readonly IReadOnlyList<LanguageProgram> All =
    [
        new("python", "/usr/bin/python3", ["--version"], "Python ", "apt-get install python3"),
        new("nodejs", "/usr/bin/node", ["--version"], "v", "apt-get install nodejs"),
        new("dotnet", "/usr/bin/dotnet", ["--list-runtimes"], "Microsoft.NETCore.App ", "install the .NET runtime: https://learn.microsoft.com/dotnet/core/install/linux"),
    ];

    /// <summary>Null for a language that needs no program of the machine, such as provided.</summary>
    public static LanguageProgram? Of(string language) => All.FirstOrDefault(p => p.Language == language);

    /// <summary>What is missing and how to get it; null while the program is there.</summary>
    public static string? Missing(string language) =>
        Of(language) is { } program && !File.Exists(program.Path) ? $"{program.Path} is not installed on this machine: {program.Install}" : null;
}
