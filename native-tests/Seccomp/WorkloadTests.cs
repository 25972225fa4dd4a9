using Hearth.Sandbox.Seccomp;
using Xunit;

namespace Hearth.NativeTests.Seccomp;

/// <summary>What tenants run works below both filters as it does without. Each needs its runtime.</summary>
public sealed class WorkloadTests
{
    private static readonly SeccompPolicy[] _both = [SeccompPolicy.Base, SeccompPolicy.Closing];

    [Fact]
    public void Python_with_threads_processes_sqlite_ssl_and_sockets() => Check(FilteredRun.Run(_both, FilteredRun.Python, "-c", Workloads.Python));

    [Fact]
    public void Numpy_with_threads()
    {
        if (!Numpy.IsInstalled())
            Assert.Skip("needs numpy for /usr/bin/python3: apt-get install python3-numpy");
        Check(FilteredRun.Run(_both, FilteredRun.Python, "-c", Workloads.Numpy));
    }

    [Fact]
    public void Node_with_workers_crypto_and_processes() => Check(FilteredRun.Run(_both, "/usr/bin/node", "-e", Workloads.Node));

    [Fact]
    public void Dotnet_with_its_jit_threads_and_garbage_collection()
    {
        var self = Environment.ProcessPath!;
        string[] arguments = ["-method", $"{typeof(DotnetWorkload).FullName}.{nameof(DotnetWorkload.Runs)}", "-explicit", "only", "-noColor"];
        var result = Path.GetFileNameWithoutExtension(self) == "dotnet"
            ? FilteredRun.Run(_both, self, [Environment.GetCommandLineArgs()[0], .. arguments])
            : FilteredRun.Run(_both, self, arguments);
        Assert.True(result.ExitCode == 0, result.Output + result.Errors);
        Assert.Contains(DotnetWorkload.Done, result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/bin/sh", "-c", "set -e; echo a | cat | tr a b > f; cp f g; mv g h; ln -s h i; tar cf t.tar h i; gzip t.tar; rm -r f h i; date; id; ls -la; df . ; find . ; echo workload: ok")]
    [InlineData("/usr/bin/perl", "-e", "use Socket; socketpair(my $a, my $b, AF_UNIX, SOCK_STREAM, 0) or die $!; system('true') == 0 or die; print `echo x`; print 'workload: ok'")]
    public void Common_tools(string program, params string[] arguments) => Check(FilteredRun.Run(_both, program, arguments));

    private static void Check(FilteredRun.Result result)
    {
        Assert.True(result.ExitCode == 0, $"exit {result.ExitCode}\n{result.Output}\n{result.Errors}");
        Assert.Contains("workload: ok", result.Output, StringComparison.Ordinal);
    }
}
