namespace Hearth.NativeTests.Harness;

/// <summary>Signals: .NET's own Process can only send SIGKILL.</summary>
internal static class Native
{
    public const int SigInt = 2, SigKill = 9, SigTerm = 15;

    public static int Kill(int pid, int signal) => Tmds.Linux.LibC.kill(pid, signal);
}
