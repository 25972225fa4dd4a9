namespace Hearth.Spawner;

/// <summary>
/// The sandbox's /etc: nothing of the host's but what programs cannot work without - the dynamic linker's cache, CA certificates, the alternatives links (Debian's
/// BLAS resolves through them), fonts.
/// </summary>
internal static class Etc
{
    private static readonly (string Name, string Content)[] Files =
    [
        ("passwd", "root:x:0:0:root:/root:/usr/sbin/nologin\nsbx_user1051:x:993:993::/tmp:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"),
        ("group", "root:x:0:\nsbx_user1051:x:993:\nnogroup:x:65534:\n"),
        ("nsswitch.conf", "passwd: files\ngroup: files\nhosts: files dns\nservices: files\nprotocols: files\n"),
        ("hosts", "127.0.0.1 localhost sandbox sandbox.localdomain\n::1 localhost\n"),
        ("resolv.conf", ""),
        ("hostname", "sandbox\n"),
        ("host.conf", "multi on\n"),
        ("shells", "/bin/sh\n"),
    ];

    /// <summary>Copied when the source has them: single files, then folders with the links in them.</summary>
    private static readonly string[] CopiedFiles = ["ld.so.cache", "ld.so.conf", "services", "protocols", "mime.types", "os-release", "debian_version", "ssl/openssl.cnf", "ssl/certs/ca-certificates.crt", "gai.conf", "dotnet/install_location", "dotnet/install_location_x64"];

    private static readonly string[] CopiedFolders = ["alternatives", "fonts", "ld.so.conf.d", "python3", "python3.11", "python3.12", "python3.13"];

    public static void Write(string etc, string source)
    {
        foreach (var (name, content) in Files)
            Replace($"{etc}/{name}", content);
        var from = source == "/" ? "/etc" : $"{source}/etc";
        foreach (var name in CopiedFiles)
            CopyFile($"{from}/{name}", $"{etc}/{name}");
        foreach (var name in CopiedFolders)
            CopyFolder($"{from}/{name}", $"{etc}/{name}", depth: 0);
        Link($"{etc}/mtab", "/proc/self/mounts");
        Link($"{etc}/localtime", "/usr/share/zoneinfo/Etc/UTC");
        Link($"{etc}/ssl/cert.pem", "certs/ca-certificates.crt");
    }

    private static void Replace(string path, string content)
    {
        File.Delete(path);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, (UnixFileMode)0b110_100_100);
    }

    private static void Link(string path, string target)
    {
        File.Delete(path);
        File.CreateSymbolicLink(path, target);
    }

    private static void CopyFile(string from, string to)
    {
        var file = new FileInfo(from);
        if (!file.Exists && file.LinkTarget is null)
            return;
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);

        // Links stay links only where they lead into /usr, which the sandbox has too.
        if (file.LinkTarget is { } target && (target.StartsWith("/usr/", StringComparison.Ordinal) || target.StartsWith("../usr/", StringComparison.Ordinal)))
        {
            Link(to, target);
            return;
        }

        var resolved = file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
        if (!resolved.Exists || !WorldReadable(resolved))
            return;
        File.Delete(to);
        File.Copy(resolved.FullName, to);
        File.SetUnixFileMode(to, (UnixFileMode)0b110_100_100);
    }

    private static void CopyFolder(string from, string to, int depth)
    {
        if (depth > 4 || !Directory.Exists(from))
            return;
        Directory.CreateDirectory(to);
        foreach (var entry in new DirectoryInfo(from).EnumerateFileSystemInfos())
        {
            var target = $"{to}/{entry.Name}";
            if (entry.LinkTarget is { } link)
                Link(target, link);
            else if (entry is DirectoryInfo)
                CopyFolder(entry.FullName, target, depth + 1);
            else
                CopyFile(entry.FullName, target);
        }
    }

    private static bool WorldReadable(FileSystemInfo file) => file.UnixFileMode.HasFlag(UnixFileMode.OtherRead);
}
