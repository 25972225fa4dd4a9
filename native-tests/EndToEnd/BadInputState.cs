using Hearth.NativeTests.Harness;
using Xunit;

namespace Hearth.NativeTests.EndToEnd;

/// <summary>All that a refused request could have left half done: functions, stored zips, unpacked code, uploads under way.</summary>
internal sealed record BadInputState(string Functions, string Files)
{
    /// <summary>As it is when no upload is under way any more: that of a request before may live a moment longer than its answer.</summary>
    public static async Task<BadInputState> OfAsync(TestNode node)
    {
        await Patience.UntilAsync("no upload is under way", () => !UnderWay.Any(folder => Path.Combine(node.Data, folder) is var path && Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()));
        return await NowAsync(node);
    }

    /// <summary>Fails when the node is not as it was. An upload's temporary file may live a moment longer than its answer.</summary>
    public async Task AssertUnchangedAsync(TestNode node)
    {
        var now = await NowAsync(node);
        for (var i = 0; i < 400 && now != this; i++)
        {
            await Task.Delay(50);
            now = await NowAsync(node);
        }

        Assert.Equal(this, now);
    }

    private static readonly string[] UnderWay = ["control/blobs/.incoming", "code/.staging"];

    private static async Task<BadInputState> NowAsync(TestNode node)
    {
        var (status, functions) = await node.Client.GetAsync("/2015-03-31/functions");
        Assert.Equal(System.Net.HttpStatusCode.OK, status);
        return new BadInputState(functions, string.Join('\n', Names(node.Data)));
    }

    // The database and its log change with every look.
    private static IEnumerable<string> Names(string data) =>
        from folder in (string[])["control", "code"]
        from entry in Directory.EnumerateFileSystemEntries(Path.Combine(data, folder), "*", SearchOption.AllDirectories)
        where !Path.GetFileName(entry).StartsWith("hearth.db", StringComparison.Ordinal)
        orderby entry
        select entry;
}
