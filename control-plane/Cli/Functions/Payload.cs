using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Hearth.Cli.Errors;

namespace Hearth.Cli.Functions;

/// <summary><c>--payload</c>: JSON itself, <c>@file</c>, or <c>-</c> for stdin.</summary>
internal static class Payload
{
    /// <summary>Lambda's limit for a synchronous request, bytes.</summary>
    public const int MaxBytes = 6 << 20;

    public static ByteString Read(string? argument)
    {
        var bytes = argument switch
        {
            null => "{}"u8.ToArray(),
            "-" => ReadBounded(Console.OpenStandardInput(), "stdin"),
            ['@', .. var path] => ReadFile(path),
            _ => Encoding.UTF8.GetBytes(argument),
        };
        if (bytes.Length > MaxBytes) throw TooLarge("payload");
        RequireJson(bytes, argument);
        return UnsafeByteOperations.UnsafeWrap(bytes);
    }

    private static byte[] ReadFile(string path)
    {
        if (!File.Exists(path)) throw CliException.Usage(path, "no such file", "--payload @FILE reads a file; without @ the text itself is the payload");
        using var stream = File.OpenRead(path);
        return ReadBounded(stream, path);
    }

    private static byte[] ReadBounded(Stream stream, string name)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[64 << 10];
        for (int read; (read = stream.Read(chunk)) > 0;)
        {
            buffer.Write(chunk, 0, read);
            if (buffer.Length > MaxBytes) throw TooLarge(name);
        }
        return buffer.ToArray();
    }

    private static void RequireJson(byte[] bytes, string? argument)
    {
        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { MaxDepth = 1024 });
            while (reader.Read()) { }
        }
        catch (JsonException failure)
        {
            var hint = argument is not null && !argument.StartsWith('@') && argument != "-" && File.Exists(argument)
                ? $"to send that file write --payload @{argument}"
                : "quote it for the shell: --payload '{\"name\":\"you\"}'";
            throw CliException.Usage("payload", $"is not JSON ({Failures.OneLine(failure.Message)})", hint);
        }
    }

    private static CliException TooLarge(string name) =>
        CliException.Usage(name, $"Request must be smaller than {MaxBytes} bytes for the InvokeFunction operation", "send a reference to the data instead of the data");
}
