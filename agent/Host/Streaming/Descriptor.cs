using Microsoft.Win32.SafeHandles;

namespace Hearth.Agent.Streaming;

internal static class Descriptor
{
    /// <summary>The number of a descriptor, kept from being closed and reused until DangerousRelease is called on the handle.</summary>
    public static int Hold(SafeFileHandle handle)
    {
        var added = false;
        handle.DangerousAddRef(ref added);
        return (int)handle.DangerousGetHandle();
    }
}
