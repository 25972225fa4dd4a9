using System.Text;
using Hearth.Sandbox.Linux;

namespace Hearth.Spawner;

/// <summary>
/// The root that every sandbox gets a read-only copy of: the host's (or an image's) /usr, a synthesised /etc, a minimal /dev, and mount points. Built at start in
/// the spawner's private mount namespace, so its mounts end with the spawner.
/// </summary>
internal static unsafe class RootSkeleton
{
    private const string RuntimeList = "hearth-runtimes", InterpreterList = "hearth-interpreters";

    private static readonly string[] Folders = ["dev", "etc", "etc/ssl", "etc/ssl/certs", "home", "mnt", "opt", "proc", "root", "run", "run/hearth", "run/masked", EmptyFolder, "sys", "tmp", "usr", "var", "var/lang", "var/runtime", "var/task", "var/tmp"];

    /// <summary>What files and folders of /proc are covered with.</summary>
    public const string EmptyFile = "run/masked/file", EmptyFolder = "run/masked/folder";

    private static readonly (string Name, uint Major, uint Minor)[] Devices = [("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9)];

    /// <param name="root">The skeleton's folder, below the data directory.</param>
    /// <param name="source">"/" for the host, or an image's tree.</param>
    public static void Build(string root, string source, Interpreters interpreters)
    {
        foreach (var folder in Folders)
            Directory.CreateDirectory($"{root}/{folder}", (UnixFileMode)0b111_101_101);
        foreach (var name in (ReadOnlySpan<string>)["bin", "sbin", "lib", "lib64", "lib32", "libx32"])
            LinkOrSkip(source, root, name);
        File.WriteAllBytes($"{root}/{EmptyFile}", []);
        File.SetUnixFileMode($"{root}/{EmptyFile}", (UnixFileMode)0b100_100_100);
        Etc.Write($"{root}/etc", source);
        ShowRuntimes($"{root}/etc/{RuntimeList}", source);
        File.WriteAllText($"{root}/etc/{InterpreterList}", interpreters.List());
        File.SetUnixFileMode($"{root}/etc/{InterpreterList}", (UnixFileMode)0b110_100_100);

        // The skeleton becomes a mount, so that open_tree can copy it with all that is below.
        Bind(root, root, MountAttr.ReadOnly | MountAttr.NoSuid | MountAttr.NoDev, recursive: false);
        var usr = source == "/" ? "/usr" : $"{source}/usr";
        Bind(usr, $"{root}/usr", MountAttr.ReadOnly | MountAttr.NoSuid | MountAttr.NoDev, recursive: true);
        MountDevices($"{root}/dev");
    }

    /// <summary>For the agent: which languages an image has. Absent when sandboxes see the machine's own /usr.</summary>
    private static void ShowRuntimes(string path, string source)
    {
        File.Delete(path);
        if (source == "/")
            return;
        // An image made by other means says nothing: then it has nothing.
        var list = $"{source}/etc/{RuntimeList}";
        File.WriteAllText(path, File.Exists(list) ? File.ReadAllText(list) : "");
        File.SetUnixFileMode(path, (UnixFileMode)0b110_100_100);
    }

    /// <summary>Merged-usr systems have links here; of a system with real folders (before merged /usr) nothing is shown.</summary>
    private static void LinkOrSkip(string source, string root, string name)
    {
        var link = new FileInfo($"{source}/{name}").LinkTarget;
        var path = $"{root}/{name}";
        if (link is null || new FileInfo(path).LinkTarget == link)
            return;
        File.Delete(path);
        File.CreateSymbolicLink(path, link.TrimStart('/'));
    }

    private static void MountDevices(string path)
    {
        Mount("tmpfs", path, "tmpfs", Ms.NoSuid | Ms.NoExec, "size=64k,mode=755");
        foreach (var (name, major, minor) in Devices)
        {
            fixed (byte* node = Text($"{path}/{name}"))
            {
                if (Tmds.Linux.LibC.mknod(node, 0x2000 | 0x1B6 /* S_IFCHR, 0666 */, (major << 8) | minor) < 0)
                    throw new LinuxException("mknod", $"{path}/{name}", Tmds.Linux.LibC.errno);
                Tmds.Linux.LibC.chmod(node, 0x1B6);
            }
        }

        File.CreateSymbolicLink($"{path}/fd", "/proc/self/fd");
        File.CreateSymbolicLink($"{path}/stdin", "/proc/self/fd/0");
        File.CreateSymbolicLink($"{path}/stdout", "/proc/self/fd/1");
        File.CreateSymbolicLink($"{path}/stderr", "/proc/self/fd/2");
        SetAttributes(path, MountAttr.ReadOnly | MountAttr.NoSuid | MountAttr.NoExec, recursive: false);
    }

    private static void Bind(string from, string to, ulong attributes, bool recursive)
    {
        Mount(from, to, "none", Ms.Bind | (recursive ? Ms.Rec : 0), null);
        SetAttributes(to, attributes, recursive);
    }

    private static void SetAttributes(string path, ulong attributes, bool recursive)
    {
        var attr = new MountAttr { Set = attributes };
        fixed (byte* target = Text(path))
            LinuxException.Check(Kernel.MountSetattr(Kernel.AtFdcwd, target, recursive, &attr), "mount_setattr", path);
    }

    public static void Mount(string source, string target, string type, ulong flags, string? data)
    {
        fixed (byte* s = Text(source), t = Text(target), f = Text(type), d = Text(data ?? ""))
            LinuxException.Check(Kernel.Mount(s, t, f, flags, data is null ? null : d), "mount", target);
    }

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text + "\0");
}
