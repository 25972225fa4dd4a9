using System.Diagnostics;
using System.Runtime.CompilerServices;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>Root images, made by rootfs/build-image.sh the first time and kept beside the published programs: a minute once, nothing later.</summary>
internal static class RootImages
{
    // The script's word for "this machine lacks what I need".
    private const int Cannot = 3;

    /// <summary>Its folder; a machine without Debian's archive in reach skips with what the script said.</summary>
    public static async Task<string> GetAsync(string runtimes)
    {
        Needs.Node();
        var folder = FolderOf(runtimes);
        var (code, output) = await BuildAsync(runtimes, folder);
        if (code == Cannot)
            Assert.Skip($"needs a {runtimes} image: {output.TrimEnd().Split('\n')[^1]}");
        Assert.True(code == 0, $"build-image.sh {runtimes} {folder} ended with {code}\n{output}");
        return folder;
    }

    public static string FolderOf(string runtimes) => Path.Combine(Path.GetDirectoryName(Published.Folder)!, "images", runtimes);

    public static Task<(int Code, string Output)> BuildAsync(string runtimes, string folder) => Cli.RunAsync(new ProcessStartInfo(Script(), [runtimes, folder]));

    public static string Script() => Path.Combine(Repository(), "rootfs", "build-image.sh");

    /// <summary>The sources that these tests were compiled from.</summary>
    public static string Repository([CallerFilePath] string here = "")
    {
        var root = Path.GetFullPath(Path.Combine(Path.GetDirectoryName(here)!, "..", ".."));
        if (!File.Exists(Path.Combine(root, "Agent.sln")))
            Assert.Skip($"needs the sources that it was compiled from: {root} is no clone any more");
        return root;
    }
}
