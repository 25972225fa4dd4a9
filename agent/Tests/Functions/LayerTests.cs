using Hearth.Agent.Functions;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts;
using Xunit;

namespace Hearth.Agent.Tests.Functions;

public sealed class LayerTests
{
    [Fact]
    public void Later_layers_win_and_no_link_is_followed()
    {
        var root = Directory.CreateTempSubdirectory("hearth-layers-").FullName;
        try
        {
            var outside = Path.Join(root, "outside");
            Directory.CreateDirectory(outside);
            File.WriteAllText(Path.Join(outside, "kept"), "kept");
            Write(root, "1", "both", "one");
            Write(root, "1", "bin/tool", "one");
            Write(root, "1", "only-one", "one");
            Write(root, "1", "file-then-folder", "one");
            Write(root, "1", "folder-then-file/inner", "one");
            File.SetUnixFileMode(Path.Join(root, "1", "bin/tool"), UnixFileMode.UserRead | UnixFileMode.UserExecute);
            // What the second layer writes below it would be written outside.
            File.CreateSymbolicLink(Path.Join(root, "1", "trap"), outside);
            Write(root, "2", "both", "two");
            Write(root, "2", "bin/other", "two");
            Write(root, "2", "trap/planted", "two");
            Write(root, "2", "file-then-folder/inner", "two");
            Write(root, "2", "folder-then-file", "two");
            File.CreateSymbolicLink(Path.Join(root, "2", "link"), "both");
            File.CreateSymbolicLink(Path.Join(root, "2", "dangling"), "/nowhere");

            var staging = Directory.CreateDirectory(Path.Join(root, "staging")).FullName;
            var merged = Path.Join(root, "merged");
            LayerMerge.Install([Path.Join(root, "1"), Path.Join(root, "2")], staging, merged);

            string Text(string name) => File.ReadAllText(Path.Join(merged, name));
            Assert.All(["both", "bin/other", "trap/planted", "file-then-folder/inner", "folder-then-file"], name => Assert.Equal("two", Text(name)));
            Assert.All(["bin/tool", "only-one"], name => Assert.Equal("one", Text(name)));
            Assert.Equal(("both", "/nowhere"), (new FileInfo(Path.Join(merged, "link")).LinkTarget, new FileInfo(Path.Join(merged, "dangling")).LinkTarget));
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserExecute, File.GetUnixFileMode(Path.Join(merged, "bin/tool")));
            Assert.Null(new DirectoryInfo(Path.Join(merged, "trap")).LinkTarget);
            Assert.Equal([Path.Join(outside, "kept")], Directory.GetFileSystemEntries(outside));
            // The layers are as they were, and nothing is left of the work.
            Assert.Equal("one", File.ReadAllText(Path.Join(root, "1", "both")));
            Assert.Empty(Directory.GetFileSystemEntries(staging));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public void Together_they_hold_no_more_nodes_than_one_package()
    {
        var root = Directory.CreateTempSubdirectory("hearth-layers-").FullName;
        try
        {
            foreach (var layer in (string[])["1", "2"])
            {
                for (var i = 0; i < 10; i++)
                    Directory.CreateDirectory(Path.Join(root, layer, "folder", $"{i}"));
            }
            string[] layers = [Path.Join(root, "1"), Path.Join(root, "2")];
            var staging = Directory.CreateDirectory(Path.Join(root, "staging")).FullName;
            LayerMerge.Install(layers, staging, Path.Join(root, "fits"), maxNodes: 22);
            Assert.True(Directory.Exists(Path.Join(root, "fits", "folder", "9")));

            var refusal = Assert.Throws<LambdaException>(() => LayerMerge.Install(layers, staging, Path.Join(root, "not"), maxNodes: 21));
            Assert.Contains("more than 21 files and folders", refusal.Message, StringComparison.Ordinal);
            Assert.False(Directory.Exists(Path.Join(root, "not")));
            Assert.Empty(Directory.GetFileSystemEntries(staging));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    [Fact]
    public async Task Layers_are_fetched_merged_and_given_to_the_sandbox_as_one_folder()
    {
        await using var node = await TestNode.StartAsync();
        var layers = new[] { TestNode.Zip("a", "one"), TestNode.Zip("a", "two"), TestNode.Zip("b", "three") }.Select(node.Control.PutCode).ToArray();
        var spec = await node.DeployAsync("plain", "def handler(event, context):\n    return 1\n");
        var with = spec.Clone();
        with.RevisionId = Guid.NewGuid().ToString();
        with.LayerSha256Hex.AddRange(layers);
        node.Control.Put(with);
        await Eventually.True(() => node.Control.Ready.Any(r => r.RevisionId == with.RevisionId && r.Error.Length == 0));

        var set = LayerSet.Of(layers)!;
        var merged = Path.Join(node.Data, "code", set.Hash);
        Assert.Equal(("two", "three"), (File.ReadAllText(Path.Join(merged, "a")), File.ReadAllText(Path.Join(merged, "b"))));
        Assert.Equal("1", (await node.InvokeAsync("plain")).Text);
        Assert.Equal(set.Hash, Convert.ToHexStringLower(Assert.Single(Assert.Single(node.Spawner.Specs).Layers).Span));

        // Another order is another folder, one layer is its own.
        Assert.NotEqual(set.Hash, LayerSet.Of([layers[1], layers[0], layers[2]])!.Hash);
        Assert.Equal(layers[0], LayerSet.Of([layers[0]])!.Hash);
    }

    [Theory]
    [InlineData("extensions/watcher", "", true)]
    [InlineData("extensions/folder/file", "", false)]
    [InlineData("bin/extensions", "", false)]
    [InlineData("extensions", "", false)]
    [InlineData("bin/wrapper", "/opt/bin/wrapper", true)]
    public async Task An_extension_or_a_wrapper_puts_the_client_behind_the_adapter(string file, string wrapper, bool behindAdapter)
    {
        await using var node = await TestNode.StartAsync();
        var spec = (await node.DeployAsync("plain", "def handler(event, context):\n    return 1\n")).Clone();
        spec.RevisionId = Guid.NewGuid().ToString();
        spec.LayerSha256Hex.AddRange([node.Control.PutCode(TestNode.Zip("other", "1")), node.Control.PutCode(TestNode.Zip(file, "#!/bin/sh\n"))]);
        if (wrapper.Length > 0)
            spec.Environment["AWS_LAMBDA_EXEC_WRAPPER"] = wrapper;
        node.Control.Put(spec);
        await Eventually.True(() => node.Control.Ready.Any(r => r.RevisionId == spec.RevisionId && r.Error.Length == 0));
        Assert.Equal("1", (await node.InvokeAsync("plain")).Text);
        Assert.Equal(behindAdapter, Assert.Single(node.Spawner.Specs).BehindAdapter);
    }

    [Fact]
    public void A_link_in_place_of_extensions_is_not_followed_and_counts()
    {
        var root = Directory.CreateTempSubdirectory("hearth-layers-").FullName;
        try
        {
            var store = new CodeStore(root, null!, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
            foreach (var (hash, link) in (ReadOnlySpan<(char, string)>)[('a', "extensions"), ('b', "extensions/watcher")])
            {
                var path = Path.Join(root, new string(hash, 64), link);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.CreateSymbolicLink(path, "/nowhere");
                Assert.True(store.HasExtensions(Function("python", hash)), link);
            }

            Directory.CreateDirectory(Path.Join(root, new string('c', 64), "extensions"));
            Assert.False(store.HasExtensions(Function("python", 'c')));
        }
        finally
        {
            Directory.Delete(root, recursive: true);
        }
    }

    private static FunctionRevision Function(string language, char layer)
    {
        var spec = new Hearth.Contracts.V1.FunctionSpec { FunctionName = "f", Version = "1", FunctionArn = "arn:aws:lambda:eu-north-1:000000000000:function:f", Language = language };
        spec.LayerSha256Hex.Add(new string(layer, 64));
        return new FunctionRevision(spec);
    }

    private static void Write(string root, string layer, string name, string text)
    {
        var path = Path.Join(root, layer, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }
}
