using System.Diagnostics;
using System.Runtime.InteropServices;
using Hearth.Sandbox.Seccomp;
using Xunit;

namespace Hearth.NativeTests.Seccomp;

/// <summary>Runs a program below the real filters: python3 installs them in itself and becomes the program.</summary>
/// <remarks>Not in a fork of this process: .NET has many threads, and a filter cannot be taken off.</remarks>
internal static class FilteredRun
{
    public const string Python = "/usr/bin/python3";

    private const string Launcher = """
        import ctypes, os, sys
        libc = ctypes.CDLL(None, use_errno=True)
        class Program(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
        count = int(sys.argv[1])
        programs = []
        for path in sys.argv[2:2 + count]:
            data = open(path, "rb").read()
            buffer = ctypes.create_string_buffer(data, len(data))
            programs.append((Program(len(data) // 8, ctypes.cast(buffer, ctypes.c_void_p)), buffer))
        if libc.prctl(38, 1, 0, 0, 0) != 0:
            sys.exit("no_new_privs: errno %d" % ctypes.get_errno())
        for program, _ in programs:
            if libc.syscall(317 if os.uname().machine == "x86_64" else 277, 1, 0, ctypes.byref(program)) != 0:
                sys.exit("seccomp: errno %d" % ctypes.get_errno())
        os.execv(sys.argv[2 + count], sys.argv[2 + count:])
        """;

    public sealed record Result(int ExitCode, string Output, string Errors);

    public static Result Run(SeccompPolicy[] policies, string program, params string[] arguments)
    {
        if (!File.Exists(Python))
            Assert.Skip($"needs {Python} to install a filter in a process without threads: apt-get install python3");
        if (!File.Exists(program))
            Assert.Skip($"needs {program}");
        var folder = Directory.CreateTempSubdirectory("hearth-seccomp-");
        try
        {
            var files = policies.Select(policy => Path.Combine(folder.FullName, policy.Name)).ToArray();
            foreach (var (policy, file) in policies.Zip(files))
                File.WriteAllBytes(file, MemoryMarshal.AsBytes(SeccompCompiler.Compile(policy).AsSpan()).ToArray());
            var start = new ProcessStartInfo(Python, ["-I", "-S", "-c", Launcher, policies.Length.ToString(), .. files, program, .. arguments])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = folder.FullName,
            };
            start.Environment["TMPDIR"] = folder.FullName;
            start.Environment["HOME"] = folder.FullName;
            using var process = Process.Start(start)!;
            process.StandardInput.Close();
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return new(process.ExitCode, output, errors.GetAwaiter().GetResult());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
