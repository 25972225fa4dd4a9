using System.Diagnostics;
using Xunit;

namespace Hearth.NativeTests.Abi;

internal static class Gcc
{
    /// <summary>Fails with gcc's words; skips where there is no gcc.</summary>
    public static void Compile(string source, params string[] options)
    {
        Process? process;
        try
        {
            process = Process.Start(new ProcessStartInfo("gcc", ["-fsyntax-only", "-Wall", "-Wno-unused", "-Wno-overflow", .. options, "-x", "c", "-"])
            {
                RedirectStandardInput = true,
                RedirectStandardError = true,
            });
        }
        catch (System.ComponentModel.Win32Exception)
        {
            Assert.Skip("needs gcc and the headers of libc and Linux: apt-get install gcc libc6-dev linux-libc-dev");
            return;
        }

        using (process)
        {
            process!.StandardInput.Write(source);
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEnd();
            process.WaitForExit();
            Assert.True(process.ExitCode == 0, errors);
        }
    }
}
