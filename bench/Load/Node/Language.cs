using System.IO.Compression;
using System.Text;
using Hearth.Bench.Load.Processes;

namespace Hearth.Bench.Load.Node;

/// <summary>A hello function in one language, and the bare start that its cold start is compared with.</summary>
/// <param name="Bare">What that start is called in the report.</param>
/// <param name="BareCommand">How it is done.</param>
/// <param name="Colon">What stands between key and value in that language's JSON.</param>
internal sealed record Language(string Name, string Runtime, string Handler, string File, string Bare, string[] BareCommand, string Colon)
{
    /// <summary>Eight digits that each request replaces, so that no answer can be taken for another one's.</summary>
    public const string Digits = "00000000";

    public static IReadOnlyList<Language> All { get; } =
    [
        new("python", "python3.12", "app.handle", "Invocations/functions/app.py", "python3 -I -S -c 1", ["/usr/bin/python3", "-I", "-S", "-c", "1"], ": "),
        new("node", "nodejs22.x", "app.handle", "Invocations/functions/app.js", "node -e 1", ["/usr/bin/node", "-e", "1"], ":"),
        new("dotnet", "dotnet8", "Hearth.Bench.Hello::Hearth.Bench.Hello.Function::Handle", "Hearth.Bench.Hello.dll", "CoreCLR hello", Self.Dotnet("Hearth.Bench.Hello.dll"), ":"),
    ];

    /// <summary>256 bytes of JSON.</summary>
    public static byte[] Payload { get; } = PayloadOf(256);

    /// <summary>JSON of so many bytes, at least 28.</summary>
    public static byte[] PayloadOf(int bytes) => Encoding.UTF8.GetBytes($$"""{"Name":"{{Digits}}","Pad":"{{new string('x', bytes - 28)}}"}""");

    public byte[] Answer => Encoding.UTF8.GetBytes($$"""{"Hello"{{Colon}}"{{Digits}}"}""");

    /// <param name="variant">Functions with another variant have code of their own in the code store.</param>
    public byte[] Zip(string variant)
    {
        using var memory = new MemoryStream();
        using (var archive = new ZipArchive(memory, ZipArchiveMode.Create, leaveOpen: true))
        {
            Add(archive, Path.GetFileName(File), System.IO.File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, File)));
            Add(archive, "variant.txt", Encoding.UTF8.GetBytes(variant));
        }

        return memory.ToArray();
    }

    private static void Add(ZipArchive archive, string name, byte[] content)
    {
        var entry = archive.CreateEntry(name, CompressionLevel.Fastest);
        entry.ExternalAttributes = 0b1_000_000_110_100_100 << 16;
        using var stream = entry.Open();
        stream.Write(content);
    }
}
