using System.Diagnostics;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>rootfs/build-image.sh itself: built once, nothing left when it is interrupted, nobody's folder overwritten.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class RootBuildTests
{
    [Fact]
    public async Task A_second_build_finds_the_first()
    {
        var image = await RootImages.GetAsync("python");
        var made = File.GetCreationTimeUtc($"{image}/etc/hearth-image");
        var (code, output) = await RootImages.BuildAsync("python", image);
        Assert.Equal(0, code);
        Assert.Matches(@"is up to date \(\d+ MB\)", output);
        Assert.Equal(made, File.GetCreationTimeUtc($"{image}/etc/hearth-image"));
    }

    [Fact]
    public async Task Nothing_in_an_image_raises_privileges_or_belongs_to_others()
    {
        var image = await RootImages.GetAsync("python");
        var (_, output) = await Cli.RunAsync(new ProcessStartInfo("/usr/bin/find", [image, "-perm", "/6000", "-type", "f", "-o", "-perm", "/002", "!", "-type", "l", "!", "-perm", "-1000"]));
        Assert.Equal("", output);
    }

    [Theory]
    [InlineData(Native.SigInt, 130)]
    [InlineData(Native.SigTerm, 143)]
    public async Task Nothing_is_left_when_it_is_interrupted(int signal, int code)
    {
        Needs.Root();
        Needs.Program("/usr/bin/mmdebstrap", "mmdebstrap");
        var folder = Directory.CreateTempSubdirectory("hearth-image-").FullName;
        try
        {
            using var build = Process.Start(new ProcessStartInfo(RootImages.Script(), ["python", $"{folder}/image"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            await Patience.UntilAsync("it is at work in its folder", () => Directory.EnumerateDirectories(folder, ".image.*").Any(work => Directory.Exists($"{work}/root/var")), 60);
            TestNode.Kill(build.Id, signal);
            await build.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.Equal(code, build.ExitCode);
            Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
            await Patience.UntilAsync("what it started ends", () => !ProcessTable.Pids().Any(pid => ProcessTable.Read(pid, "cmdline").Contains(folder, StringComparison.Ordinal)));
            Assert.DoesNotContain(folder, File.ReadAllText("/proc/self/mountinfo"), StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("cobol", "no runtime 'cobol'")]
    [InlineData("", "usage: build-image.sh")]
    public async Task A_wrong_runtime_is_refused(string runtimes, string cause)
    {
        var (code, output) = await RootImages.BuildAsync(runtimes, "/nonexistent/image");
        Assert.Equal(1, code);
        Assert.Contains(cause, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_is_no_image_is_left_alone()
    {
        Needs.Root();
        var folder = Directory.CreateTempSubdirectory("hearth-image-").FullName;
        try
        {
            var (code, output) = await RootImages.BuildAsync("python", folder);
            Assert.Equal(1, code);
            Assert.Contains("exists and is no image of this script", output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder);
        }
    }
}
