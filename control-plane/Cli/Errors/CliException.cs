namespace Hearth.Cli.Errors;

/// <summary>An error a person can act on, printed as <c>hearth: what: cause; fix</c>.</summary>
/// <param name="exitCode">One of <see cref="ExitCode"/>.</param>
/// <param name="what">The thing: a file, a function, an option.</param>
/// <param name="cause">Why it did not work.</param>
/// <param name="fix">What to do about it; may be empty when the cause says it.</param>
internal sealed class CliException(int exitCode, string what, string cause, string fix) : Exception($"{what}: {cause}")
{
    public int ExitCode { get; } = exitCode;

    public string Line => fix.Length == 0 ? $"hearth: {what}: {cause}" : $"hearth: {what}: {cause}; {fix}";

    public static CliException Usage(string what, string cause, string fix) => new(Errors.ExitCode.Usage, what, cause, fix);

    public static CliException Failed(string what, string cause, string fix) => new(Errors.ExitCode.Failed, what, cause, fix);
}
