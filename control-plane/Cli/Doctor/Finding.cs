namespace Hearth.Cli.Doctor;

internal enum Verdict
{
    /// <summary>There, as it should be.</summary>
    Ok,

    /// <summary>Hearth runs without it, with the effect named.</summary>
    Limited,

    /// <summary>Hearth cannot run.</summary>
    Missing,

    /// <summary>A fact to know.</summary>
    Note,
}

/// <param name="Area">kernel, cgroup, limits, storage, users, packages, exposure.</param>
/// <param name="Found">What this machine has.</param>
/// <param name="Effect">What follows from it when it is not Ok; may be empty.</param>
/// <param name="Fix">What to do; may be empty.</param>
internal sealed record Finding(string Area, string Name, Verdict Verdict, string Found, string Effect = "", string Fix = "")
{
    /// <summary>Ok when present, else the verdict given.</summary>
    public static Finding Of(string area, string name, bool present, Verdict otherwise, string found, string effect, string fix) =>
        present ? new(area, name, Verdict.Ok, found) : new(area, name, otherwise, found, effect, fix);
}
