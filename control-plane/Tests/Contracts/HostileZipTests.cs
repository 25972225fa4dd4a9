using System.Text;
using Hearth.Contracts;
using Hearth.Contracts.Archives;
using Hearth.ControlPlane.Tests.Support;
using Microsoft.Win32.SafeHandles;
using Xunit;

namespace Hearth.ControlPlane.Tests.Contracts;

/// <summary>Each hostile package is refused by both ways of reading it, with a message that says why, and unpacking leaves nothing behind.</summary>
public class HostileZipTests
{
    private const int Link = 0xA1FF;

    private static readonly Dictionary<string, (Func<byte[]> Zip, string Says)> Cases = new()
    {
        ["empty file"] = (() => [], "non-empty zip"),
        ["no entries"] = (() => RawZip.Of(), "non-empty zip"),
        ["only folders"] = (() => RawZip.Of(new RawEntry("a/")), "non-empty zip"),
        ["not a zip"] = (() => Encoding.ASCII.GetBytes(new string('x', 4000)), "not a zip file"),
        ["cut off"] = (() => Zips.Good()[..^30], "not a zip file"),
        ["parent"] = (() => RawZip.Of(new RawEntry("../x")), "leaves the package"),
        ["parent inside"] = (() => RawZip.Of(new RawEntry("a/../../x")), "leaves the package"),
        ["absolute"] = (() => RawZip.Of(new RawEntry("/etc/passwd")), "absolute"),
        ["drive"] = (() => RawZip.Of(new RawEntry("C:/x")), "absolute"),
        ["backslash"] = (() => RawZip.Of(new RawEntry("..\\x")), "backslash"),
        ["NUL"] = (() => RawZip.Of(new RawEntry("a\0b")), "NUL"),
        ["no name"] = (() => RawZip.Of(new RawEntry("")), "no name"),
        ["long name"] = (() => RawZip.Of(new RawEntry(string.Join('/', Enumerable.Repeat("abcdefgh", 200)))), "longer than 1024"),
        ["long part"] = (() => RawZip.Of(new RawEntry(new string('x', 256))), "longer than 255"),
        ["not UTF-8"] = (() => RawZip.Of(new RawEntry("") { RawName = [0xFF, 0xFE, 0x41] }), "not UTF-8"),
        ["twice"] = (() => RawZip.Of(new RawEntry("a"), new RawEntry("a")), "twice"),
        ["twice, spelled differently"] = (() => RawZip.Of(new RawEntry("a/b"), new RawEntry("./a//b")), "twice"),
        ["file and folder"] = (() => RawZip.Of(new RawEntry("a"), new RawEntry("a/b")), "both a folder and a file"),
        ["folder and file"] = (() => RawZip.Of(new RawEntry("a/b"), new RawEntry("a")), "twice"),
        ["encrypted"] = (() => RawZip.Of(new RawEntry("a") { Flags = 0x0801 }), "encrypted"),
        ["unknown method"] = (() => RawZip.Of(new RawEntry("a") { Method = 12 }), "method 12"),
        ["device"] = (() => RawZip.Of(new RawEntry("a") { Mode = 0x2180 }), "device"),
        ["fifo"] = (() => RawZip.Of(new RawEntry("a") { Mode = 0x1180 }), "device"),
        ["bad CRC"] = (() => RawZip.Of(new RawEntry("a") { Data = [1, 2, 3], Crc = 7 }), "CRC-32"),
        ["says less than it holds"] = (() => RawZip.Of(new RawEntry("a") { Data = new byte[100_000], Deflate = true, ClaimedSize = 10 }), "more than the 10 bytes"),
        ["says more than it holds"] = (() => RawZip.Of(new RawEntry("a") { Data = new byte[100], Deflate = true, ClaimedSize = 1000 }), "unpacks to 100 bytes"),
        ["data outside"] = (() => RawZip.Of(new RawEntry("a") { Data = [1], ClaimedCompressedSize = 1 << 30 }), "outside the file"),
        ["garbage deflate"] = (() => RawZip.Of(new RawEntry("a") { Data = [0xFF, 0xFF, 0xFF, 0xFF], Method = 8 }), "damaged"),
        ["honest bomb"] = (() => RawZip.Of(new RawEntry("a") { Data = new byte[262_144_001], Deflate = true, Crc = 0 }), "Unzipped size must be smaller than 262144000 bytes"),
        ["bomb in parts"] = (() => RawZip.Of([.. Enumerable.Range(0, 3).Select(i => new RawEntry($"a{i}") { Data = new byte[100_000_000], Deflate = true, Crc = 0 })]), "Unzipped size"),
        ["one stretch for many"] = (() => RawZip.Of([.. Enumerable.Range(0, 3).Select(i => new RawEntry($"a{i}") { Data = EmptyBlocks, Method = 8, Crc = 0, ClaimedSize = 0, ClaimedOffset = 0 })]), "'a1': its data overlaps another entry's"),
        ["one inside another"] = (() => RawZip.Of(new RawEntry("a") { Data = RawZip.Of(new RawEntry("b"))[..31] }, new RawEntry("b") { ClaimedOffset = 31 }), "'b': its data overlaps another entry's"),
        ["absolute link"] = (() => RawZip.Of(LinkTo("a", "/etc")), "absolute path"),
        ["link out"] = (() => RawZip.Of(LinkTo("a/b", "../../etc")), "outside the package"),
        ["two links out together"] = (() => RawZip.Of(LinkTo("d/e/l", "../.."), LinkTo("m", "d/e/l/../x")), "outside the package"),
        ["file through link"] = (() => RawZip.Of(LinkTo("a", "b"), new RawEntry("b/x"), new RawEntry("a/y")), "both a folder and a file or link"),
        ["links that pile up a path"] = (() => RawZip.Of([.. Enumerable.Range(0, 5).Select(i => LinkTo($"l{i}", $"l{i + 1}/{string.Join('/', Enumerable.Repeat("x", 400))}"))]), "leads to a path longer than 1024 bytes"),
        ["link loop"] = (() => RawZip.Of(LinkTo("a", "b"), LinkTo("b", "a")), "loop"),
        ["empty link"] = (() => RawZip.Of(LinkTo("a", "")), "without a valid target"),
        ["too many entries"] = (() => RawZip.Of([.. Enumerable.Range(0, 60_000).Select(i => new RawEntry($"{i}/x"))]), "more than 100000"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void IsRefused(string name)
    {
        (Func<byte[]> zip, string says) = Cases[name];
        using var folder = new TempFolder();
        string path = folder.File("x.zip", zip());
        string staging = Directory.CreateDirectory(Path.Join(folder.Path, "staging")).FullName;

        var verify = Assert.Throws<LambdaException>(() =>
        {
            using CodeArchive archive = CodeArchive.Open(path);
            archive.Verify(TestContext.Current.CancellationToken);
        });
        var install = Assert.Throws<LambdaException>(() =>
            CodeInstaller.Install(path, staging, Path.Join(folder.Path, "code"), TestContext.Current.CancellationToken));

        Assert.Contains(says, verify.Message, StringComparison.Ordinal);
        Assert.Equal(verify.Message, install.Message);
        Assert.Equal("InvalidParameterValueException", verify.Error.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(staging));
        Assert.False(Directory.Exists(Path.Join(folder.Path, "code")));
    }

    [Fact]
    public void ZippedSizeIsBounded()
    {
        using var folder = new TempFolder();
        string path = Path.Join(folder.Path, "x.zip");
        using (FileStream file = File.Create(path))
            file.SetLength(CodeArchiveLimits.MaxStoredZipBytes + 1);
        var e = Assert.Throws<LambdaException>(() => CodeArchive.Open(path));
        Assert.Equal((413, "Zipped size must be smaller than 262144000 bytes"), (e.Error.Status, e.Message));
    }

    [Fact]
    public void EveryTruncationAndFlippedByteIsAnAnswerAndNotAFault()
    {
        byte[] good = RawZip.Of(new RawEntry("a/b.py") { Data = Encoding.UTF8.GetBytes(new string('q', 300)), Deflate = true }, LinkTo("l", "a/b.py"));
        using var folder = new TempFolder();
        int refused = 0;
        for (int i = 0; i < good.Length; i++)
        {
            refused += Refused(folder, good[..i]);
            byte[] flipped = [.. good];
            flipped[i] ^= 0xFF;
            refused += Refused(folder, flipped);
        }

        Assert.True(refused > good.Length, $"{refused} of {2 * good.Length} damaged packages were refused");
    }

    /// <summary>Deflate blocks that take in bytes and give none must not run on after a cancellation.</summary>
    [Fact]
    public void CancellationIsSeenByTheInput()
    {
        using var folder = new TempFolder();
        using SafeFileHandle file = File.OpenHandle(folder.File("x", EmptyBlocks));
        using var stop = new CancellationTokenSource();
        using var slice = new FileSlice(file, 0, EmptyBlocks.Length, stop.Token);
        byte[] buffer = new byte[5];
        Assert.Equal(buffer.Length, slice.Read(buffer, 0, buffer.Length));
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() => slice.Read(buffer, 0, buffer.Length));
    }

    // Anything but a refusal or success fails the test by its exception.
    private static int Refused(TempFolder folder, byte[] zip)
    {
        string path = folder.File("x.zip", zip);
        string staging = Directory.CreateDirectory(Path.Join(folder.Path, "staging")).FullName;
        string code = Path.Join(folder.Path, "code");
        try
        {
            CodeInstaller.Install(path, staging, code, TestContext.Current.CancellationToken);
            Directory.Delete(code, recursive: true);
            return 0;
        }
        catch (LambdaException)
        {
            return 1;
        }
    }

    // Stored blocks of length 0, the last of them final.
    private static byte[] EmptyBlocks => [.. Enumerable.Repeat<byte[]>([0, 0, 0, 0xFF, 0xFF], 100).SelectMany(block => block), 1, 0, 0, 0xFF, 0xFF];

    private static RawEntry LinkTo(string name, string target) => new(name) { Mode = Link, Data = Encoding.UTF8.GetBytes(target) };
}
