using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Hearth.Agent.Functions;
using Hearth.Agent.Tests.Fakes;
using Hearth.Contracts.V1;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Hearth.Agent.Tests.Functions;

public sealed class CodeStoreTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("hearth-code-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public async Task Code_is_fetched_once_verified_and_kept()
    {
        var zip = TestNode.Zip("app.py", "x = 1\n");
        var source = new Source(zip);
        var store = new CodeStore(_root, source, NullLogger.Instance);
        var function = Function(Hash(zip));
        Assert.False(store.Has(function));
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.EnsureAsync(function, TestContext.Current.CancellationToken)));
        Assert.True(store.Has(function));
        Assert.Equal(1, source.Fetches);
        Assert.Equal("x = 1\n", File.ReadAllText(Path.Join(_root, Hash(zip), "app.py")));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Join(_root, ".staging")));
    }

    [Fact]
    public async Task Other_bytes_than_asked_for_are_refused_and_can_be_fetched_again()
    {
        var zip = TestNode.Zip("app.py", "x = 1\n");
        var source = new Source(TestNode.Zip("app.py", "evil\n"));
        var store = new CodeStore(_root, source, NullLogger.Instance);
        var function = Function(Hash(zip));
        var refused = await Assert.ThrowsAsync<CodeUnavailableException>(() => store.EnsureAsync(function, TestContext.Current.CancellationToken));
        Assert.Contains(Hash(zip), refused.Message);
        Assert.False(store.Has(function));
        source.Zip = zip;
        await store.EnsureAsync(function, TestContext.Current.CancellationToken);
        Assert.True(store.Has(function));
    }

    [Fact]
    public async Task A_sweep_deletes_what_nothing_uses()
    {
        var zip = TestNode.Zip("app.py", "x = 1\n");
        var store = new CodeStore(_root, new Source(zip), NullLogger.Instance);
        await store.EnsureAsync(Function(Hash(zip)), TestContext.Current.CancellationToken);
        store.Sweep(() => new HashSet<string> { Hash(zip) });
        Assert.True(store.Has(Function(Hash(zip))));
        store.Sweep(() => new HashSet<string>());
        Assert.False(store.Has(Function(Hash(zip))));
        Assert.Empty(Directory.GetFileSystemEntries(Path.Join(_root, ".staging")));
    }

    [Fact]
    public void Instances_that_end_one_after_the_other_do_not_put_the_sweep_off()
    {
        var unused = Directory.CreateDirectory(Path.Join(_root, new string('0', 64))).FullName;
        var used = Directory.CreateDirectory(Path.Join(_root, new string('1', 64))).FullName;
        var asked = 0;
        var time = new ManualTimers();
        using var preparer = new CodePreparer(new Catalogue(NullLogger.Instance), new CodeStore(_root, new Source([]), NullLogger.Instance), InUse, time, NullLogger.Instance);
        preparer.OnSynchronized();
        time.Advance(TimeSpan.FromSeconds(4));
        preparer.SweepSoon();
        Assert.True(Directory.Exists(unused));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.False(Directory.Exists(unused));
        Assert.True(Directory.Exists(used));
        // Once for all, and once more for the one that goes.
        Assert.Equal(2, asked);

        unused = Directory.CreateDirectory(unused).FullName;
        preparer.SweepSoon();
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.False(Directory.Exists(unused));

        HashSet<string> InUse()
        {
            asked++;
            return [Path.GetFileName(used)];
        }
    }

    [Theory]
    [InlineData("../../etc")]
    [InlineData("")]
    [InlineData("ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789")]
    public void A_hash_is_64_hex_digits_and_never_a_path(string hash)
    {
        var store = new CodeStore(_root, new Source([]), NullLogger.Instance);
        Assert.Throws<ArgumentException>(() => store.Has(Function(hash)));
    }

    private static string Hash(byte[] zip) => Convert.ToHexStringLower(SHA256.HashData(zip));

    private static FunctionRevision Function(string hash) => new(new FunctionSpec { FunctionName = "f", Version = "$LATEST", Language = "python", CodeSha256Hex = hash });

    private sealed class Source(byte[] zip) : ICodeSource
    {
        public byte[] Zip { get; set; } = zip;

        public int Fetches { get; private set; }

        public async IAsyncEnumerable<ReadOnlyMemory<byte>> FetchAsync(string sha256Hex, [EnumeratorCancellation] CancellationToken cancellationToken)
        {
            Fetches++;
            await Task.Yield();
            foreach (var piece in Zip.Chunk(7))
                yield return piece;
        }
    }
}
