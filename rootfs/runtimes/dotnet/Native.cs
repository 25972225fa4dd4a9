using System.Runtime.InteropServices;

namespace Hearth.Runtime;

/// <summary>The few calls that .NET has no name for.</summary>
internal static partial class Native
{
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExec = 1;

    /// <summary>Replaces this process; returns only when it failed.</summary>
    public static void Execute(string file, IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var argv = Block([.. arguments]);
        var envp = Block([.. environment.Select(e => $"{e.Key}={e.Value}")]);
        _ = execve(file, argv, envp);
    }

    /// <summary>Makes <paramref name="environment"/> what getenv sees, for the native libraries of a function.</summary>
    public static void ReplaceEnvironment(IReadOnlyDictionary<string, string> environment)
    {
        _ = clearenv();
        foreach (var (name, value) in environment)
            _ = setenv(name, value, 1);
    }

    public static void KeepFromChildren(int descriptor) => _ = fcntl(descriptor, SetDescriptorFlags, CloseOnExec);

    public static void WriteError(string text)
    {
        using var error = new FileStream(new Microsoft.Win32.SafeHandles.SafeFileHandle(2, ownsHandle: false), FileAccess.Write, 1);
        error.Write(System.Text.Encoding.UTF8.GetBytes(text));
    }

    private static IntPtr[] Block(string[] texts)
    {
        var pointers = new IntPtr[texts.Length + 1];
        for (var i = 0; i < texts.Length; i++)
            pointers[i] = Marshal.StringToCoTaskMemUTF8(texts[i]);
        return pointers;
    }

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int execve(string path, IntPtr[] argv, IntPtr[] envp);

    [LibraryImport("libc")]
    private static partial int clearenv();

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    [LibraryImport("libc")]
    private static partial int fcntl(int descriptor, int command, int argument);
}
