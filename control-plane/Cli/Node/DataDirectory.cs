using Hearth.Cli.Errors;
using Mono.Unix.Native;

namespace Hearth.Cli.Node;

/// <summary>Lays out the data directory as ARCHITECTURE.md says, and puts owners and modes right each time.</summary>
internal static class DataDirectory
{
    // AT_FDCWD, which Mono.Posix does not name.
    private const int CurrentDirectory = -100;

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
        data = Path.TrimEndingDirectorySeparator(data);
        CreateParents(Path.GetDirectoryName(data));
        foreach (var folder in Layout) Ensure(data, folder);
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

    /// <summary>
    /// By descriptor from the data directory down, and never through a link: code/ belongs to the agent, which could put a link in the place of code/.staging
    /// between a look at its path and a chmod of it.
    /// </summary>
    private static void Ensure(string data, Folder folder)
    {
        var path = Path.TrimEndingDirectorySeparator(Path.Combine(data, folder.Name));
        string[] names = [Path.GetFileName(data), .. folder.Name.Split('/', StringSplitOptions.RemoveEmptyEntries)];
        var parent = Open(CurrentDirectory, Path.GetDirectoryName(data) ?? "/", path);
        try
        {
            foreach (var name in names[..^1]) Step(ref parent, name, path);
            var last = names[^1];
            if (Syscall.mkdirat(parent, last, (FilePermissions)Convert.ToInt32("700", 8)) != 0 && Stdlib.GetLastError() != Errno.EEXIST) Check(-1, "mkdir", path);
            Step(ref parent, last, path);
            Check(Syscall.fstat(parent, out var found), "fstat", path);
            // Taking it over would take over what its owner put into it: programs that root runs, links that root writes through.
            if (found.st_uid != folder.Owner && found.st_uid != Accounts.Root)
                throw CliException.Failed(path, $"belongs to user {found.st_uid}, who may have put anything into it",
                    $"look at what is in it and move it away, or give it and all in it to root (chown -R root: {path}); or choose another --data");
            if (found.st_uid != folder.Owner || found.st_gid != folder.Group) Check(Syscall.fchown(parent, folder.Owner, folder.Group), "fchown", path);
            if (((int)found.st_mode & 0xFFF) != folder.Mode) Check(Syscall.fchmod(parent, (FilePermissions)folder.Mode), "fchmod", path);
        }
        finally
        {
            _ = Syscall.close(parent);
        }
    }

    private static void Step(ref int folder, string name, string path)
    {
        var next = Open(folder, name, path);
        _ = Syscall.close(folder);
        folder = next;
    }

    private static int Open(int parent, string name, string path)
    {
        // What is above the data directory is the administrator's, links and all.
        var links = parent == CurrentDirectory ? (OpenFlags)0 : OpenFlags.O_NOFOLLOW;
        var descriptor = Syscall.openat(parent, name, OpenFlags.O_RDONLY | OpenFlags.O_DIRECTORY | OpenFlags.O_CLOEXEC | links);
        if (descriptor >= 0) return descriptor;
        if (Stdlib.GetLastError() is Errno.ENOTDIR or Errno.ELOOP) throw CliException.Failed(path, "is not a folder", "move it away, or choose another --data");
        Check(-1, "open", path);
        return -1;
    }

    private static void Check(int result, string call, string path)
    {
        if (result == 0) return;
        var error = Stdlib.GetLastError();
        throw CliException.Failed($"{call} {path}", $"{error}: {Stdlib.strerror(error)}", "choose another --data, on a local disk that root may write");
    }
}
