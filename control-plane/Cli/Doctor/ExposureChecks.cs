namespace Hearth.Cli.Doctor;

/// <summary>
/// In the host-root mode functions see this machine's /usr, read-only, and an /etc that Hearth writes. Whatever is world-readable below /usr is readable by
/// every function; this lists what an operator would want to know of.
/// </summary>
internal static class ExposureChecks
{
    private const string Area = "exposure";
    private const int MaxEntries = 50_000;
    private const int Shown = 8;

    private static readonly string[] Folders = ["/usr/local", "/usr/src"];
    private static readonly string[] Suspicious = [".env", ".key", ".pem", ".p12", ".pfx", ".kdbx", ".sql", ".htpasswd", "id_rsa", "id_ed25519", "credentials", "secret", "password", "token"];

    // Certificates of authorities are public, and packages carry test keys.
    private static readonly string[] Harmless = ["cacert.pem", "ca-bundle.pem", "/test", "/doc/", "/node_modules/", "/site-packages/", "/dist-packages/", "/include/"];

    public static IEnumerable<Finding> All()
    {
        foreach (var folder in Folders)
        {
            if (!Directory.Exists(folder)) continue;
            var (count, notable) = Walk(folder);
            if (count == 0) continue;
            var size = count >= MaxEntries ? $"more than {MaxEntries}" : count.ToString();
            yield return notable.Count == 0
                ? new Finding(Area, folder, Verdict.Note, $"{size} world-readable files", "functions can read them in the host-root mode")
                : new Finding(Area, folder, Verdict.Limited, $"{size} world-readable files, among them {string.Join(", ", notable.Take(Shown))}{(notable.Count > Shown ? $" and {notable.Count - Shown} more" : "")}",
                    "functions can read them in the host-root mode", "chmod o-r what is secret, or use an image built by rootfs/");
        }
        yield return new Finding(Area, "/usr", Verdict.Note, "read-only, nosuid", "functions see the names and versions of installed packages in the host-root mode", "use an image built by rootfs/ to hide them");
    }

    private static (int Count, List<string> Notable) Walk(string folder)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        var count = 0;
        var notable = new List<string>();
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", options).Take(MaxEntries))
        {
            if ((file.UnixFileMode & UnixFileMode.OtherRead) == 0) continue;
            count++;
            if (Suspicious.Any(end => file.Name.EndsWith(end, StringComparison.OrdinalIgnoreCase)) && !Harmless.Any(part => file.FullName.Contains(part, StringComparison.Ordinal)))
                notable.Add(file.FullName);
        }
        return (count, notable);
    }
}
