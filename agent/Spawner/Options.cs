using System.Security.Cryptography;
using System.Text;

namespace Hearth.Spawner;

/// <param name="TmpInMemory">/tmp of sandboxes is a tmpfs even where it could be on disk.</param>
/// <param name="Forks">Runtimes are forked from zygotes where there can be one.</param>
/// <param name="Modules">Of Python, the operator's: zygotes load them too.</param>
/// <param name="Chosen">Runtime ids and the interpreters that the operator has run them with.</param>
internal sealed record Options(string Data, string Root, string NodeId, bool TmpInMemory, bool Forks, IReadOnlyList<string> Modules, bool SweepOnly, bool CheckOnly, IReadOnlyList<(string Id, string Path)> Chosen)
{
    /// <summary>They are arguments of a process, of which there is room for 32.</summary>
    private const int MostModules = 16, LongestModule = 64;

    /// <summary>Null when the arguments are not understood.</summary>
    public static Options? Parse(string[] args)
    {
        string? data = null, root = null, node = null;
        var chosen = new List<(string, string)>();
        var tmpInMemory = false;
        var forks = true;
        var modules = new List<string>();
        var sweepOnly = args.Contains("--sweep");
        var checkOnly = args.Contains("--check");
        args = [.. args.Where(static a => a is not ("--sweep" or "--check"))];
        for (var i = 0; i < args.Length; i += 2)
        {
            if (i + 1 == args.Length)
                return null;
            switch (args[i])
            {
                case "--data": data = args[i + 1]; break;
                case "--root": root = args[i + 1]; break;
                case "--node-id": node = args[i + 1]; break;
                case "--runtime" when args[i + 1].Split('=') is [{ Length: > 0 } id, { Length: > 0 } path]: chosen.Add((id, path)); break;
                case "--tmp" when args[i + 1] is "disk" or "memory": tmpInMemory = args[i + 1] == "memory"; break;
                case "--zygote" when args[i + 1] is "on" or "off": forks = args[i + 1] == "on"; break;
                case "--zygote-module" when modules.Count < MostModules && IsModule(args[i + 1]): modules.Add(args[i + 1]); break;
                default: return null;
            }
        }

        if (data is null)
            return null;
        data = Path.TrimEndingDirectorySeparator(Path.GetFullPath(data));
        return new Options(data, root is null ? "/" : Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)), node ?? NodeIdOf(data), tmpInMemory, forks, modules, sweepOnly, checkOnly, chosen);
    }

    private static bool IsModule(string name) =>
        name.Length is > 0 and <= LongestModule && name.Split('.').All(static part => part.Length > 0 && !char.IsAsciiDigit(part[0]) && part.All(static c => char.IsAsciiLetterOrDigit(c) || c == '_'));

    /// <summary>The same for every start on one data directory, different for two nodes of one machine.</summary>
    private static string NodeIdOf(string data) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(data)))[..12];
}
