using Hearth.Cli.Errors;
using Mono.Unix.Native;

namespace Hearth.Cli.Node;

/// <summary>Lays out the data directory as ARCHITECTURE.md says, and puts owners and modes right each time.</summary>
internal static class DataDirectory
{
    private sealed record Folder(string Name, uint Owner, uint Group, int Mode);

    private static Folder Of(string name, uint owner, string mode) => new(name, owner, owner, Convert.ToInt32(mode, 8));

    // Parents first. Nothing secret lies below code/, which sandboxes see parts of.
    private static readonly Folder[] Layout =
    [
        Of("", Accounts.Root, "755"),
        Of("bin", Accounts.Root, "755"),
        Of("runtimes", Accounts.Root, "755"),
        Of("root", Accounts.Root, "755"),
        Of("code", Accounts.Agent, "755"),
        Of("code/.staging", Accounts.Agent, "755"),
        Of("tmp", Accounts.Root, "700"),
        Of("agent", Accounts.Agent, "700"),
        Of("control", Accounts.Control, "700"),
        Of("log", Accounts.Root, "700"),
        Of("run", Accounts.Root, "755"),
        new("run/control", Accounts.Control, Accounts.Agent, Convert.ToInt32("750", 8)),
    ];

    public static void Create(string data)
    {
        CreateParents(Path.GetDirectoryName(data));
        foreach (var folder in Layout) Ensure(Path.Combine(data, folder.Name), folder);
    }

    /// <summary>Folders that are there and have another owner or mode, one line each; nothing is changed.</summary>
    public static IReadOnlyList<string> WrongOwners(string data) =>
    [
        .. from folder in Layout
           let path = Path.TrimEndingDirectorySeparator(Path.Combine(data, folder.Name))
           where Syscall.lstat(path, out var found) == 0 && (found.st_uid != folder.Owner || found.st_gid != folder.Group || ((int)found.st_mode & 0xFFF) != folder.Mode)
           select $"{path} is not {folder.Owner}:{folder.Group} {Convert.ToString(folder.Mode, 8)}",
    ];

    // 0755 whatever the mode mask of the caller was: the agent must be able to pass.
    private static void CreateParents(string? parent)
    {
        if (parent is null || Directory.Exists(parent)) return;
        CreateParents(Path.GetDirectoryName(parent));
        Directory.CreateDirectory(parent, (UnixFileMode)Convert.ToInt32("755", 8));
    }

    private static void Ensure(string path, Folder folder)
    {
        path = Path.TrimEndingDirectorySeparator(path);
        if (Syscall.lstat(path, out var found) != 0)
        {
            Check(Syscall.mkdir(path, (FilePermissions)Convert.ToInt32("700", 8)), "mkdir", path);
            Check(Syscall.lstat(path, out found), "lstat", path);
        }
        // Never through a link: chown would follow it to wherever it points.
        if ((found.st_mode & FilePermissions.S_IFMT) != FilePermissions.S_IFDIR)
            throw CliException.Failed(path, "is not a folder", "move it away, or choose another --data");
        if (found.st_uid != folder.Owner || found.st_gid != folder.Group) Check(Syscall.lchown(path, folder.Owner, folder.Group), "chown", path);
        if (((int)found.st_mode & 0xFFF) != folder.Mode) Check(Syscall.chmod(path, (FilePermissions)folder.Mode), "chmod", path);
    }

    private static void Check(int result, string call, string path)
    {
        if (result == 0) return;
        var error = Stdlib.GetLastError();
        throw CliException.Failed($"{call} {path}", $"{error}: {Stdlib.strerror(error)}", "choose another --data, on a local disk that root may write");
    }
}
