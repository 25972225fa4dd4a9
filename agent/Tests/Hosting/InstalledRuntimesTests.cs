using Hearth.Agent.Hosting;
using Hearth.Agent.Spawning;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts;
using Xunit;

namespace Hearth.Agent.Tests.Hosting;

/// <summary>What the spawner has shown becomes what <c>hearth runtimes</c> lists, and the number that a start is asked for with.</summary>
public sealed class InstalledRuntimesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-agent-runtimes-").FullName;
    private readonly InstalledRuntimes _runtimes;

    public InstalledRuntimesTests()
    {
        Directory.CreateDirectory(Path.Join(_folder, "etc"));
        _runtimes = new InstalledRuntimes(Path.Join(_folder, "etc"), _folder + "/");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void An_id_is_run_by_its_version_or_by_what_the_operator_gave_it()
    {
        Program("usr/bin/python3", "Python 3.11.2");
        Program("usr/local/bin/python3.13", "Python 3.13.1");
        Program("usr/lib/special/python", "Python 3.8.20");
        Program("usr/bin/node", "v20.19.2");
        Write("hearth-interpreters", "16 python /usr/lib/special/python python3.12,python3.9\n17 python /usr/local/bin/python3.13 \n18 python /usr/bin/python3.10 \n");
        Assert.Equal(0, _runtimes.Choose(RuntimeKind.Python, "python3.11"));
        Assert.Equal(17, _runtimes.Choose(RuntimeKind.Python, "python3.13"));
        Assert.Equal(16, _runtimes.Choose(RuntimeKind.Python, "python3.12"));
        Assert.Equal(16, _runtimes.Choose(RuntimeKind.Python, "python3.9"));
        Assert.Equal(17, _runtimes.Choose(RuntimeKind.Python, "python3.14"));
        Assert.Equal(0, _runtimes.Choose(RuntimeKind.NodeJs, "nodejs22.x"));
        Assert.Equal(0, _runtimes.Choose(RuntimeKind.Provided, "provided.al2"));
        Assert.Equal(
            ["3.11.2 /usr/bin/python3 ", "3.8.20 /usr/lib/special/python python3.12,python3.9", "3.13.1 /usr/local/bin/python3.13 "],
            _runtimes.All().Where(one => one.Language == "python").Select(one => $"{one.InstalledVersion} {one.Path} {string.Join(',', one.RuntimeIds)}"));
    }

    [Fact]
    public void In_an_image_versions_are_those_of_its_list_and_of_names()
    {
        // The machine's own says nothing.
        Program("usr/bin/python3", "Python 3.11.2");
        Write("hearth-runtimes", "python 3.10.1 /usr/bin/python3\n");
        Write("hearth-interpreters", "16 python /usr/bin/python3.13 \n17 python /usr/lib/special/python python3.9\n");
        Assert.Equal(0, _runtimes.Choose(RuntimeKind.Python, "python3.11"));
        Assert.Equal(16, _runtimes.Choose(RuntimeKind.Python, "python3.12"));
        Assert.Equal(17, _runtimes.Choose(RuntimeKind.Python, "python3.9"));
        Assert.Equal(["3.10.1", "3.13", "of unknown version"], _runtimes.All().Where(one => one.Language == "python").Select(one => one.InstalledVersion));
        Assert.Contains("build-image.sh nodejs", Assert.Throws<LambdaException>(() => _runtimes.Choose(RuntimeKind.NodeJs, "nodejs20.x")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_missing_is_told_and_found_once_it_is_there()
    {
        var refusal = Assert.Throws<LambdaException>(() => _runtimes.Choose(RuntimeKind.NodeJs, "nodejs20.x"));
        Assert.Contains("apt-get install nodejs", refusal.Message, StringComparison.Ordinal);
        Assert.Equal("", _runtimes.All().Single(one => one.Language == "nodejs").InstalledVersion);
        Program("usr/bin/node", "v20.19.2");
        Assert.Equal(0, _runtimes.Choose(RuntimeKind.NodeJs, "nodejs20.x"));
    }

    [Fact]
    public void What_the_operator_chose_and_does_not_run_is_told_and_nothing_takes_its_place()
    {
        Program("usr/bin/python3", "Python 3.11.2");
        Program("usr/local/bin/python3.13", "Python 3.13.1", "echo no libpython >&2; exit 127");
        Program("usr/lib/special/python", "", "echo no libpython >&2; exit 127");
        Write("hearth-interpreters", "16 python /usr/lib/special/python python3.9\n17 python /usr/local/bin/python3.13 \n- python python3.8 --runtime python3.8=/usr/bin/gone: it is not there\n");
        var refusal = Assert.Throws<LambdaException>(() => _runtimes.Choose(RuntimeKind.Python, "python3.9")).Message;
        Assert.Contains("/usr/lib/special/python does not run: asked for its version it ends with code 127: no libpython", refusal, StringComparison.Ordinal);
        Assert.Contains("python3.8=/usr/bin/gone: it is not there", Assert.Throws<LambdaException>(() => _runtimes.Choose(RuntimeKind.Python, "python3.8")).Message, StringComparison.Ordinal);
        // One that only has a version in its name is passed over.
        Assert.Equal(0, _runtimes.Choose(RuntimeKind.Python, "python3.13"));
        Assert.Equal(0, _runtimes.Choose(RuntimeKind.Python, "python3.10"));
        Assert.Equal(
            ["3.11.2 /usr/bin/python3 ", " /usr/lib/special/python python3.9", "  python3.8"],
            _runtimes.All().Where(one => one.Language == "python").Select(one => $"{one.InstalledVersion} {one.Path} {string.Join(',', one.RuntimeIds)}"));
    }

    [Fact]
    public void A_version_is_asked_once_for_each_state_of_the_file_also_when_there_is_none()
    {
        var asked = Path.Join(_folder, "asked");
        Program("usr/bin/python3", "Python 3.11.2", $"echo >> {asked}");
        Program("usr/bin/python3.9", "", $"echo >> {asked}; exit 1");
        Write("hearth-interpreters", "16 python /usr/bin/python3.9 \n");
        for (var i = 0; i < 3; i++)
            Assert.Equal(0, _runtimes.Choose(RuntimeKind.Python, "python3.9"));
        Assert.Equal(2, File.ReadLines(asked).Count());
        Program("usr/bin/python3.9", "Python 3.9.19", $"echo >> {asked}");
        Assert.Equal(16, _runtimes.Choose(RuntimeKind.Python, "python3.9"));
        Assert.Equal(3, File.ReadLines(asked).Count());
    }

    private void Write(string file, string text) => File.WriteAllText(Path.Join(_folder, "etc", file), text);

    private void Program(string path, string says, string and = "")
    {
        var file = Path.Join(_folder, path);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        Script.Write(file, $"#!/bin/sh\necho '{says}'\n{and}\n");
    }
}
