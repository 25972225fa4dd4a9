using System.Text;
using Hearth.Contracts.Archives;
using Hearth.ControlPlane.Tests.Support;
using Xunit;

namespace Hearth.ControlPlane.Tests.Contracts;

public class ExtractTests
{
    private const UnixFileMode Plain = (UnixFileMode)0x1A4; // 0644
    private const UnixFileMode Executable = (UnixFileMode)0x1ED; // 0755

    [Fact]
    public void KeepsContentsModesAndLinks()
    {
        using var folder = new TempFolder();
        string zip = folder.File("x.zip", RawZip.Of(
            new RawEntry("bootstrap") { Data = "#!/bin/sh\n"u8.ToArray(), Mode = 0x8000 | 0x1C0 },
            new RawEntry("lib/data.txt") { Data = Encoding.UTF8.GetBytes(new string('z', 200_000)), Deflate = true, Mode = 0x8000 | 0x180 },
            new RawEntry("empty/"),
            new RawEntry("lib/ünï.txt") { Data = [1] },
            new RawEntry("lib/current") { Data = "data.txt"u8.ToArray(), Mode = 0xA1FF },
            new RawEntry("top") { Data = "lib/../lib/data.txt"u8.ToArray(), Mode = 0xA1FF }));
        string staging = Directory.CreateDirectory(Path.Join(folder.Path, "staging")).FullName;
        string code = Path.Join(folder.Path, "code");

        CodeInstaller.Install(zip, staging, code, TestContext.Current.CancellationToken);
        CodeInstaller.Install(zip, staging, code, TestContext.Current.CancellationToken);

        Assert.Equal(Executable, File.GetUnixFileMode(Path.Join(code, "bootstrap")));
        Assert.Equal(Plain, File.GetUnixFileMode(Path.Join(code, "lib/data.txt")));
        Assert.Equal(Executable, File.GetUnixFileMode(Path.Join(code, "lib")));
        Assert.Equal(Executable, File.GetUnixFileMode(code));
        Assert.True(Directory.Exists(Path.Join(code, "empty")));
        Assert.True(File.Exists(Path.Join(code, "lib/ünï.txt")));
        Assert.Equal("data.txt", new FileInfo(Path.Join(code, "lib/current")).LinkTarget);
        Assert.Equal(200_000, File.ReadAllText(Path.Join(code, "top")).Length);
        Assert.Empty(Directory.EnumerateFileSystemEntries(staging));
    }

    [Fact]
    public void ReadsWhatTheFrameworkWritesAndWhatFollowsOtherBytes()
    {
        using var folder = new TempFolder();
        byte[] zip = Zips.Of(("a.py", "1"), ("b/c.py", new string('x', 100_000)));
        foreach (byte[] bytes in new[] { zip, [.. "#!/bin/sh self-extractor\n"u8, .. zip] })
        {
            using CodeArchive archive = CodeArchive.Open(folder.File("x.zip", bytes));
            Assert.Equal(100_001, archive.Verify(TestContext.Current.CancellationToken));
        }
    }
}
