using Xunit;

namespace Hearth.NativeTests.Rules;

/// <summary>
/// The packages that the project was asked to be built on are referenced, and code really calls into them, each in its place. A reference alone would not do:
/// the compiled assembly must name a member of the package's assembly.
/// </summary>
public sealed class PackageUseTests
{
    private const string Pipelines = "System.IO.Pipelines";

    /// <summary>Package, its assembly, and the project that has to use it.</summary>
    public static TheoryData<string, string, string> Places => new()
    {
        { "Tmds.LibC", "Tmds.LibC", "Hearth.Sandbox" },
        { "Tmds.LibC", "Tmds.LibC", "Hearth.Contracts" },
        { "Mono.Posix.NETStandard", "Mono.Posix.NETStandard", "Hearth.Cli" },
        { Pipelines, Pipelines, "Hearth.Agent" },
        { "MessagePack", "MessagePack", "Hearth.Wire" },
        { "Grpc.AspNetCore", "Grpc.AspNetCore.Server", "Hearth.ControlPlane" },
        { "BenchmarkDotNet", "BenchmarkDotNet", "Hearth.Bench.Micro" },
        { "xunit.v3", "xunit.v3.assert", "Hearth.Agent.Tests" },
        { "xunit.v3", "xunit.v3.assert", "Hearth.ControlPlane.Tests" },
        { "xunit.v3", "xunit.v3.assert", "Hearth.Cli.Tests" },
        { "xunit.v3", "xunit.v3.assert", "Hearth.NativeTests" },
    };

    [Theory]
    [MemberData(nameof(Places))]
    public void Package_is_referenced_and_used(string package, string assembly, string project)
    {
        var file = Repository.Projects().Single(one => one.Name == project);
        // Pipelines come with .NET itself since version 10: the SDK refuses a reference to what it would prune.
        var shared = package == Pipelines && File.Exists(Path.Combine(Path.GetDirectoryName(typeof(object).Assembly.Location)!, Pipelines + ".dll"));
        Assert.True(shared || file.Packages.Contains(package), $"{project} does not reference {package}");
        var used = MemberReferences.Into(assembly, Path.Combine(Repository.Built(project, file.Assembly), file.Assembly + ".dll"));
        Assert.True(used.Count > 0, $"{project} has no reference to any member of {assembly}: {package} is not used there");
    }

    [Fact]
    public void Mono_Posix_serves_doctor_as_well_as_up()
    {
        var cli = Path.Combine(Repository.Built("Hearth.Cli", "hearth"), "hearth.dll");
        var used = MemberReferences.Into("Mono.Posix.NETStandard", cli);
        // Users and groups by name are doctor's; owners and modes are up's.
        Assert.Contains("Mono.Unix.Native.Syscall.getpwuid", used);
        Assert.Contains("Mono.Unix.Native.Syscall.fchown", used);
    }

    [Fact]
    public void Versions_are_named_in_one_file_only()
    {
        foreach (var path in Repository.Files(Repository.Root, "*.csproj").Where(path => !path.Contains("/examples/", StringComparison.Ordinal)))
            Assert.DoesNotMatch("<PackageReference[^>]*\\bVersion=", File.ReadAllText(path));
    }
}
