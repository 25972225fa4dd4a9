using Hearth.Cli.Errors;

namespace Hearth.Cli.Node;

/// <summary>Programs that <c>up</c> starts processes with; both are in util-linux, which Debian and Ubuntu always have.</summary>
internal static class RequiredTools
{
    public const string SetPriv = "/usr/bin/setpriv";
    public const string SetSid = "/usr/bin/setsid";

    public static void Check()
    {
        foreach (var tool in (string[])[SetPriv, SetSid])
            if (!File.Exists(tool)) throw CliException.Failed(tool, "is missing", "run: apt-get install util-linux");
    }
}
