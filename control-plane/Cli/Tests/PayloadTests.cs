using Hearth.Cli.Errors;
using Hearth.Cli.Functions;
using Hearth.Cli.Output;
using Xunit;

namespace Hearth.Cli.Tests;

public sealed class PayloadTests
{
    [Fact]
    public void The_payload_is_sent_byte_for_byte()
    {
        using var folder = new TemporaryFolder();
        Assert.Equal("{ \"a\" : 1.0 }", Payload.Read("{ \"a\" : 1.0 }").ToStringUtf8());
        Assert.Equal("[\"ü\"]", Payload.Read("@" + folder.File("event.json", "[\"ü\"]")).ToStringUtf8());
        Assert.Equal("{}", Payload.Read(null).ToStringUtf8());
    }

    [Theory]
    [InlineData("{name:you}", "is not JSON")]
    [InlineData("{} {}", "is not JSON")]
    [InlineData("", "is not JSON")]
    [InlineData("@/does/not/exist", "no such file")]
    public void What_is_not_JSON_never_leaves_this_machine(string argument, string cause)
    {
        var refused = Assert.Throws<CliException>(() => Payload.Read(argument));
        Assert.Equal(ExitCode.Usage, refused.ExitCode);
        Assert.Contains(cause, refused.Line);
    }

    [Fact]
    public void Six_MiB_pass_and_one_byte_more_does_not()
    {
        using var folder = new TemporaryFolder();
        var most = folder.File("most.json", '"' + new string('x', Payload.MaxBytes - 2) + '"');
        Assert.Equal(Payload.MaxBytes, Payload.Read("@" + most).Length);
        File.AppendAllText(most, " ");
        Assert.Contains("Request must be smaller than 6291456 bytes", Assert.Throws<CliException>(() => Payload.Read("@" + most)).Line);
    }

    [Fact]
    public void A_log_line_cannot_drive_the_terminal()
    {
        Assert.Equal("\\x1b[2J\ttab ü", VisibleText.Line("\x1b[2J\ttab ü"));
        Assert.Equal("\\x9b31m", VisibleText.Line("\u009b31m"));
    }
}
