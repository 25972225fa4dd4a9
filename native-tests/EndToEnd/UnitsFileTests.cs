using System.Diagnostics;
using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>What can be said of the Vagrantfile and the installer without a box or a systemd; the units themselves run in the test VM (<c>Vm/UnitsTests.cs</c>).</summary>
public sealed class UnitsFileTests
{
    [Fact]
    public async Task The_Vagrantfile_is_valid()
    {
        Needs.Program("/usr/bin/vagrant", "vagrant");
        var home = Directory.CreateTempSubdirectory("hearth-vagrant-").FullName;
        try
        {
            // No provider is installed on a test machine; what is checked is everything else.
            var start = new ProcessStartInfo("/usr/bin/vagrant", ["validate", "--ignore-provider"]) { WorkingDirectory = RootImages.Repository() };
            start.Environment["VAGRANT_HOME"] = home;
            // Where it keeps machines; else a .vagrant folder appears in the clone.
            start.Environment["VAGRANT_DOTFILE_PATH"] = Path.Combine(home, "dot");
            var (code, output) = await Cli.RunAsync(start);
            Assert.True(code == 0, output);
            Assert.Contains("validated successfully", output, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(home, recursive: true);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("--frobnicate")]
    [InlineData("/nonexistent")]
    public async Task The_installer_says_what_it_wants(string argument)
    {
        Needs.Root();
        var installer = Path.Combine(RootImages.Repository(), "agent", "systemd", "install.sh");
        var (code, output) = await Cli.RunAsync(new ProcessStartInfo(installer, argument.Length > 0 ? [argument] : []));
        Assert.Equal(1, code);
        Assert.StartsWith("install: ", output, StringComparison.Ordinal);
    }
}
