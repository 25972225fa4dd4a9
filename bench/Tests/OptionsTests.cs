using Hearth.Bench.Load;
using Xunit;

namespace Hearth.Bench.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void Nothing_means_everything()
    {
        var options = Options.Parse([]);
        Assert.Equal(Options.AllParts, options.Parts);
        Assert.Equal((false, false, false, null), (options.Quick, options.Keep, options.Help, options.JsonFile));
    }

    [Fact]
    public void Parts_run_in_their_own_order_and_once() =>
        Assert.Equal(["micro", "invoke"], Options.Parse(["invoke", "--quick", "micro", "invoke"]).Parts);

    [Fact]
    public void Options_may_stand_anywhere()
    {
        var options = Options.Parse(["--json", "/tmp/x.json", "memory", "--keep", "--quick"]);
        Assert.Equal(("/tmp/x.json", true, true), (options.JsonFile, options.Keep, options.Quick));
        Assert.Equal(["memory"], options.Parts);
    }

    [Theory]
    [InlineData("unknown option --fast", "--fast")]
    [InlineData("unknown option -q", "-q")]
    [InlineData("no part 'sandboxes'; there are micro, sandbox, invoke, async, memory, scale, trace", "sandboxes")]
    [InlineData("no part ''; there are micro, sandbox, invoke, async, memory, scale, trace", "")]
    [InlineData("--json needs a file name: --json results.json", "--json")]
    [InlineData("--json needs a file name: --json results.json", "--json", "--keep")]
    [InlineData("--json needs a file name: --json results.json", "--json", "")]
    [InlineData("--json /nowhere/x.json: not a file in a folder that exists", "--json", "/nowhere/x.json")]
    [InlineData("--json /tmp: not a file in a folder that exists", "--json", "/tmp")]
    public void Mistakes_are_named(string message, params string[] arguments) =>
        Assert.Equal(message, Assert.Throws<UsageException>(() => Options.Parse(arguments)).Message);

    [Fact]
    public void Help_tells_of_each_part_and_option()
    {
        using var usage = new StreamReader(typeof(Options).Assembly.GetManifestResourceStream("usage.txt")!);
        var text = usage.ReadToEnd();
        Assert.All((string[])[.. Options.AllParts, "--quick", "--json FILE", "--keep", "--help"], word => Assert.Contains(word, text, StringComparison.Ordinal));
    }
}
