using Xunit;

namespace Hearth.Cli.Tests;

/// <summary>A folder for one test. Below /var/lib for root, since a node refuses the nosuid /tmp of many machines.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public TemporaryFolder()
    {
        Path = System.IO.Path.Combine(Environment.IsPrivilegedProcess ? "/var/lib" : System.IO.Path.GetTempPath(), $"hearth-cli-test-{Guid.NewGuid():N}");
        Directory.CreateDirectory(Path);
    }

    public string Path { get; }

    public string File(string name, string content, bool executable = false)
    {
        var path = System.IO.Path.Combine(Path, name);
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
        System.IO.File.WriteAllText(path, content);
        if (executable) System.IO.File.SetUnixFileMode(path, (UnixFileMode)Convert.ToInt32("755", 8));
        return path;
    }

    public static void RequireRoot()
    {
        if (!Environment.IsPrivilegedProcess) Assert.Skip("needs root: hearth up makes files for other users");
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
