using System.Runtime.InteropServices;

namespace Hearth.NativeTests.Harness;

/// <summary>Signals: .NET's own Process can only send SIGKILL.</summary>
internal static partial class Native
{
    public const int SigInt = 2, SigKill = 9, SigTerm = 15;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int pid, int signal);
}
