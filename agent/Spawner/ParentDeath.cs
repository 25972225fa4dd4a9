using Hearth.Sandbox.Linux;
using Tmds.Linux;

namespace Hearth.Spawner;

/// <summary>
/// Who started the spawner may have asked that it ends with them (PR_SET_PDEATHSIG, by setpriv). The kernel forgets that at every change of the effective user,
/// so it is asked for again after each.
/// </summary>
internal static unsafe class ParentDeath
{
    private const int GetPdeathsig = 2;
    private static int s_signal;
    private static int s_parent;

    public static void Remember()
    {
        int signal;
        if (Kernel.Prctl(GetPdeathsig, (nint)(&signal), 0, 0, 0) >= 0)
            s_signal = signal;
        s_parent = LibC.getppid();
    }

    public static void Renew()
    {
        if (s_signal == 0)
            return;
        Kernel.Prctl(Pr.SetPdeathsig, s_signal, 0, 0, 0);

        // It may have ended in between.
        if ((int)LibC.getppid() != s_parent)
            Kernel.Kill(LibC.getpid(), s_signal);
    }
}
