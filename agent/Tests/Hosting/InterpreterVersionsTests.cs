using Hearth.Agent.Hosting;
using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Hosting;

public sealed class InterpreterVersionsTests : IDisposable
{
    private readonly string _file = Path.GetTempFileName();
    private readonly ManualTimers _time = new();

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void One_that_does_not_answer_is_killed_and_not_asked_again_at_once()
    {
        var asked = _file + ".asked";
        Program($"echo $$ >> {asked}\nexec sleep 600");
        try
        {
            var versions = new InterpreterVersions(_time) { Limit = TimeSpan.FromSeconds(2) };
            Assert.Equal(("", "it has not said its version within 2 s"), versions.Of("python", _file));
            Assert.Equal("", versions.Of("python", _file).Version);
            var pid = Assert.Single(File.ReadLines(asked));
            Assert.False(File.Exists($"/proc/{pid}/stat") && !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal), $"{pid} still runs");
            _time.Advance(TimeSpan.FromMinutes(2));
            Assert.Equal("", versions.Of("python", _file).Version);
            Assert.Equal(2, File.ReadLines(asked).Count());
        }
        finally
        {
            File.Delete(asked);
        }
    }

    [Fact]
    public void What_it_writes_beside_its_version_does_not_hold_it_up()
    {
        Program("head -c 1000000 /dev/zero >&2\necho Python 3.12.1\nhead -c 1000000 /dev/zero");
        Assert.Equal("3.12.1", new InterpreterVersions(_time).Of("python", _file).Version);
    }

    [Fact]
    public void What_does_not_run_says_why()
    {
        var versions = new InterpreterVersions(_time);
        Program("exit 3");
        Assert.Equal("asked for its version it ends with code 3 and says none", versions.Of("python", _file).Why);
        File.WriteAllText(_file, "no program at all");
        Assert.NotEqual("", versions.Of("python", _file).Why);
        Assert.Equal("there is no such file", versions.Of("python", _file + ".absent").Why);
    }

    private void Program(string text) => Script.Write(_file, $"#!/bin/sh\n{text}\n");
}
