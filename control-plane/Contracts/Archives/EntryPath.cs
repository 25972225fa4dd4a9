using System.Text;

namespace Hearth.Contracts.Archives;

/// <summary>Turns an entry's raw name into a path below the root, or refuses it.</summary>
internal static class EntryPath
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <returns>Empty for an entry that names the root itself.</returns>
    /// <exception cref="LambdaException">The name is not a path that may be unpacked.</exception>
    public static string Normalise(ReadOnlySpan<byte> raw, out bool namesFolder)
    {
        string name = Decode(raw);
        if (name.Length == 0)
            throw ArchiveErrors.Entry(name, "it has no name", "zip the folder again");
        if (raw.Length > CodeArchiveLimits.MaxPathBytes)
            throw ArchiveErrors.Entry(name, $"its name is longer than {CodeArchiveLimits.MaxPathBytes} bytes", "shorten it");
        if (name.Contains('\0'))
            throw ArchiveErrors.Entry(name, "its name holds a NUL byte", "rename it");
        if (name.Contains('\\'))
            throw ArchiveErrors.Entry(name, "its name holds a backslash", "use a zip tool that writes '/' between folders");
        if (name[0] == '/' || (name.Length > 1 && name[1] == ':' && char.IsAsciiLetter(name[0])))
            throw ArchiveErrors.Entry(name, "its path is absolute", "zip with paths relative to the code's folder");
        namesFolder = name[^1] == '/';

        string[] parts = name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        int kept = 0;
        foreach (string part in parts)
        {
            if (part == ".")
                continue;
            if (part == "..")
                throw ArchiveErrors.Entry(name, "its path leaves the package by '..'", "zip with paths relative to the code's folder");
            if (Encoding.UTF8.GetByteCount(part) > CodeArchiveLimits.MaxComponentBytes)
                throw ArchiveErrors.Entry(name, $"a part of its path is longer than {CodeArchiveLimits.MaxComponentBytes} bytes", "shorten it");
            parts[kept++] = part;
        }

        namesFolder |= kept == 0;
        return string.Join('/', parts, 0, kept);
    }

    // Names without the UTF-8 flag are, on Linux and macOS, UTF-8 all the same; code page 437 proper is refused rather than guessed.
    private static string Decode(ReadOnlySpan<byte> raw)
    {
        try
        {
            return Strict.GetString(raw);
        }
        catch (DecoderFallbackException)
        {
            throw ArchiveErrors.Entry(Encoding.Latin1.GetString(raw[..Math.Min(raw.Length, 64)]), "its name is not UTF-8", "zip with UTF-8 names");
        }
    }
}
