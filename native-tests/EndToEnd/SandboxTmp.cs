using Hearth.NativeTests.Harness;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>/tmp of sandboxes as the machine sees it, through the processes there: what a function waits for is made in it.</summary>
internal static class SandboxTmp
{
    /// <summary>Makes a file in each /tmp that has another.</summary>
    /// <returns>False when there was none.</returns>
    public static bool LetGo(string waiting, string go)
    {
        var found = false;
        foreach (var tmp in ProcessTable.Pids().Select(static pid => $"/proc/{pid}/root/tmp"))
        {
            try
            {
                if (!File.Exists($"{tmp}/{waiting}"))
                    continue;
                if (!File.Exists($"{tmp}/{go}"))
                    File.WriteAllText($"{tmp}/{go}", "");
                found = true;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The process has ended meanwhile; there are others in its sandbox.
            }
        }

        return found;
    }
}
