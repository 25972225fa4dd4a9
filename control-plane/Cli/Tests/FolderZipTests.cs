using System.IO.Compression;
using Hearth.Cli.Errors;
using Hearth.Cli.Functions;
using Xunit;

namespace Hearth.Cli.Tests;

public sealed class FolderZipTests
{
    [Fact]
    public void The_same_files_make_the_same_bytes_whatever_their_times_and_order()
    {
        using var first = new TemporaryFolder();
        using var second = new TemporaryFolder();
        first.File("b.py", "two");
        first.File("a/a.py", "one");
        second.File("a/a.py", "one");
        File.SetLastWriteTimeUtc(second.File("b.py", "two"), new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc));
        Assert.Equal(Zip(first.Path), Zip(second.Path));
        second.File("b.py", "three");
        Assert.NotEqual(Zip(first.Path), Zip(second.Path));
    }

    [Fact]
    public void Executables_and_links_are_kept_and_version_control_is_not()
    {
        using var folder = new TemporaryFolder();
        folder.File("bootstrap", "#!/bin/sh", executable: true);
        folder.File("data.txt", "x");
        folder.File(".git/config", "secret");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "link"), "data.txt");
        using var zip = new ZipArchive(new MemoryStream(Zip(folder.Path)));
        Assert.Equal(["bootstrap", "data.txt", "link"], zip.Entries.Select(entry => entry.FullName));
        Assert.Equal(["100755", "100644", "120777"], zip.Entries.Select(entry => Convert.ToString(entry.ExternalAttributes >>> 16, 8)));
        using var target = new StreamReader(zip.GetEntry("link")!.Open());
        Assert.Equal("data.txt", target.ReadToEnd());
    }

    [Theory]
    [InlineData("/etc/passwd")]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    public void A_link_that_leads_out_is_refused(string target)
    {
        using var folder = new TemporaryFolder();
        folder.File("a/file", "x");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "link"), target);
        var refused = Assert.Throws<CliException>(() => FolderTree.Read(folder.Path));
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains("leads out of the folder", refused.Line);
    }

    [Fact]
    public void A_loop_of_links_is_kept_as_links_and_not_followed()
    {
        using var folder = new TemporaryFolder();
        folder.File("file", "x");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "again"), ".");
        Assert.Equal(["again", "file"], FolderTree.Read(folder.Path).Select(entry => entry.Name));
    }

    [Fact]
    public void More_than_Lambda_takes_is_refused_before_anything_is_read()
    {
        using var folder = new TemporaryFolder();
        using (var sparse = File.Create(Path.Combine(folder.Path, "big"))) sparse.SetLength(PackageLimits.UnzippedBytes);
        Assert.Contains("Unzipped size must be smaller than 262144000 bytes", Assert.Throws<CliException>(() => FolderTree.Read(folder.Path)).Line);
    }

    [Fact]
    public void An_empty_folder_and_a_file_that_is_no_zip_are_refused()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains("holds no file", Assert.Throws<CliException>(() => FolderTree.Read(folder.Path)).Line);
        var text = folder.File("app.py", "def handler(): pass");
        Assert.Contains("neither a folder nor a zip", Assert.Throws<CliException>(() => PackageFile.Open(text)).Line);
        Assert.Contains("no such file", Assert.Throws<CliException>(() => PackageFile.Open(text + ".absent")).Line);
    }

    private static byte[] Zip(string folder)
    {
        using var output = new MemoryStream();
        FolderZip.Write(FolderTree.Read(folder), output);
        return output.ToArray();
    }
}
