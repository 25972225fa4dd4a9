using Tmds.Linux;

namespace Hearth.NativeTests.Harness;

/// <summary>Signals, since .NET's own Process can only send SIGKILL; owners, for which it has nothing.</summary>
internal static class Native
{
    public const int SigInt = 2, SigKill = 9, SigTerm = 15, SigStop = 19;

    public static int Kill(int pid, int signal) => LibC.kill(pid, signal);

    /// <summary>Never through a link.</summary>
    public static unsafe void Chown(string path, uint user)
    {
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(path + "\0"))
        {
            if (LibC.lchown(name, user, user) != 0)
                throw new IOException($"lchown {path}: errno {LibC.errno}");
        }
    }
}
