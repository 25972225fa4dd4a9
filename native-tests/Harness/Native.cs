using System.Runtime.InteropServices;

namespace Hearth.NativeTests.Harness;

/// <summary>Signals, since .NET's own Process can only send SIGKILL; owners, for which it has nothing.</summary>
internal static partial class Native
{
    public const int SigInt = 2, SigKill = 9, SigTerm = 15;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);

    /// <summary>Never through a link.</summary>
    public static void Chown(string path, uint user)
    {
        if (lchown(path, user, user) != 0)
            throw new IOException($"lchown {path}: errno {Marshal.GetLastPInvokeError()}");
    }

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint user, uint group);
}
