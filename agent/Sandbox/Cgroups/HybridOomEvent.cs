using System.Buffers.Text;
using Tmds.Linux;
using static Tmds.Linux.LibC;

namespace Hearth.Sandbox.Cgroups;

/// <summary>v1's way to be told: an eventfd and the watched file are written, by number, to cgroup.event_control.</summary>
internal static class HybridOomEvent
{
    /// <returns>The eventfd (non-blocking), or -errno.</returns>
    public static int Register(CgroupDirectory memory, ulong id, int oomControlFd)
    {
        var control = memory.OpenFile(id, "cgroup.event_control"u8, O_WRONLY);
        if (control < 0)
            return control;
        var events = eventfd(0, 0x80800 /* EFD_CLOEXEC | EFD_NONBLOCK */);
        var result = events < 0 ? -errno : Write(control, events, oomControlFd);
        close(control);
        if (result >= 0)
            return events;
        if (events >= 0)
            close(events);
        return result;
    }

    private static unsafe int Write(int control, int events, int oomControlFd)
    {
        Span<byte> text = stackalloc byte[32];
        Utf8Formatter.TryFormat(events, text, out var length);
        text[length++] = (byte)' ';
        Utf8Formatter.TryFormat(oomControlFd, text[length..], out var written);
        fixed (byte* bytes = text)
            return write(control, bytes, length + written) < 0 ? -errno : 0;
    }
}
