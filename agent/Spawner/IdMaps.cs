using System.Buffers.Text;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Plan;

namespace Hearth.Spawner;

/// <summary>
/// Who owns what in a sandbox. Code in the store belongs to the agent; a sandbox must see it as root's. An idmapped mount does that without touching a file; it
/// takes a user namespace that maps agent -> the sandbox's root, and another for root's own files. They are made for each slot at its first use and kept.
/// </summary>
internal sealed unsafe class IdMaps(SandboxUsers users)
{
    private readonly int[] _codeNamespaces = [.. Enumerable.Repeat(-1, Identity.MaxSandboxes)];
    private readonly int[] _rootNamespaces = [.. Enumerable.Repeat(-1, Identity.MaxSandboxes)];

    /// <summary>False once the store's file system has refused idmapped mounts: code is then seen as owned by "nobody".</summary>
    public bool Supported { get; set; } = true;

    /// <summary>A user namespace for mounts of the code store in that slot's sandbox. Negative errno on failure.</summary>
    public int CodeNamespace(int slot) => Namespace(_codeNamespaces, Identity.Agent, slot);

    /// <summary>The same for the root: root's files are the sandbox's root's. Nobody else is in it: an account of the host that has the handler's number is not the handler.</summary>
    public int RootNamespace(int slot) => Namespace(_rootNamespaces, 0, slot);

    private int Namespace(int[] made, uint owner, int slot)
    {
        if (made[slot] >= 0)
            return made[slot];
        var arguments = new CloneArgs { Flags = CloneFlags.NewUser, ExitSignal = Sig.Chld };
        var pid = Kernel.Clone3(&arguments);
        if (pid == 0)
            Init.Hold();
        if (pid < 0)
            return pid;

        var map = stackalloc byte[64];
        var text = new Span<byte>(map, 64);
        var length = Line(text, owner, users.RootOf(slot));
        var result = WriteProc(pid, "/uid_map\0"u8, map, length);
        if (result >= 0)
            result = WriteProc(pid, "/gid_map\0"u8, map, length);
        if (result >= 0)
            result = OpenProc(pid, "/ns/user\0"u8, O.ReadOnly);
        Kernel.Kill(pid, Sig.Kill);
        int status;
        Kernel.Wait4(pid, &status, 0);
        if (result >= 0)
            made[slot] = result;
        return result;
    }

    /// <summary>Root and the handler, and nobody else: other ids of the host cannot even be named inside.</summary>
    public int WriteSandboxMaps(int pid, int slot, out SetupStep step)
    {
        var map = stackalloc byte[96];
        var text = new Span<byte>(map, 96);
        var length = Line(text, 0, users.RootOf(slot));
        length += Line(text[length..], Identity.Handler, users.HandlerOf(slot));
        step = SetupStep.UidMap;
        var result = WriteProc(pid, "/uid_map\0"u8, map, length);
        if (result < 0)
            return result;
        step = SetupStep.GidMap;
        return WriteProc(pid, "/gid_map\0"u8, map, length);
    }

    private static int Line(Span<byte> text, uint inside, uint outside)
    {
        Utf8Formatter.TryFormat(inside, text, out var length);
        text[length++] = (byte)' ';
        Utf8Formatter.TryFormat(outside, text[length..], out var written);
        length += written;
        " 1\n"u8.CopyTo(text[length..]);
        return length + 3;
    }

    public static int WriteProc(int pid, ReadOnlySpan<byte> file, byte* bytes, int length)
    {
        var fd = OpenProc(pid, file, O.WriteOnly);
        if (fd < 0)
            return fd;
        var result = Kernel.Write(fd, bytes, (nuint)length);
        Kernel.Close(fd);
        return result;
    }

    /// <param name="file">With its leading slash and final NUL.</param>
    public static int OpenProc(int pid, ReadOnlySpan<byte> file, int flags)
    {
        var path = stackalloc byte[64];
        var text = new Span<byte>(path, 64);
        "/proc/"u8.CopyTo(text);
        Utf8Formatter.TryFormat(pid, text[6..], out var digits);
        file.CopyTo(text[(6 + digits)..]);
        return Kernel.Openat(Kernel.AtFdcwd, path, flags | O.Cloexec, 0);
    }
}
