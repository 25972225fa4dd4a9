using System.Diagnostics;
using Xunit;

namespace Hearth.Agent.Tests.Fakes;

/// <summary>
/// Programs that a test writes and has started at once. Its bytes are written by another process: what this one has open for writing, a child that another test forks in the same moment has
/// open too until it executes, and the kernel starts no such file ("Text file busy").
/// </summary>
internal static class Script
{
    public static void Write(string path, string text)
    {
        var source = path + ".text";
        File.WriteAllText(source, text);
        using (var copy = Process.Start("/bin/cp", [source, path]))
        {
            copy.WaitForExit();
            Assert.Equal(0, copy.ExitCode);
        }
        File.Delete(source);
        File.SetUnixFileMode(path, (UnixFileMode)0b111_101_101);
    }
}
