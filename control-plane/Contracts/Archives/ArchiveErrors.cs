using System.Text;

namespace Hearth.Contracts.Archives;

/// <summary>Refusals of a zip, in AWS's words where AWS has them, followed by which entry, why, and what to do.</summary>
public static class ArchiveErrors
{
    private const string CouldNotUnzip = "Could not unzip uploaded file. Please check your file, then try to upload again.";

    public static LambdaException Corrupt(string cause) => new(LambdaError.InvalidParameterValue($"{CouldNotUnzip} ({cause})"));

    public static LambdaException Entry(string name, string cause, string fix) =>
        new(LambdaError.InvalidParameterValue($"{CouldNotUnzip} (entry {Quote(name)}: {cause}; {fix})"));

    public static LambdaException Empty() => new(LambdaError.InvalidParameterValue("Uploaded file must be a non-empty zip"));

    public static LambdaException ZippedTooLarge(long limitBytes) => new(LambdaError.EntityTooLarge($"Zipped size must be smaller than {limitBytes} bytes"));

    public static LambdaException UnzippedTooLarge() =>
        new(LambdaError.InvalidParameterValue($"Unzipped size must be smaller than {CodeArchiveLimits.MaxUnzippedBytes} bytes"));

    public static LambdaException TooManyNodes() => Corrupt(
        $"more than {CodeArchiveLimits.MaxNodes} files and folders; leave out what the function does not load, or bundle it");

    /// <summary>A name from a hostile zip, safe for one line of a log or terminal.</summary>
    public static string Quote(string name)
    {
        var text = new StringBuilder("'");
        foreach (char c in name.AsSpan(0, Math.Min(name.Length, 128)))
        {
            if (char.IsControl(c) || char.IsSurrogate(c) || c is '\u2028' or '\u2029' or '\u202E' or '\'')
                text.Append($"\\u{(int)c:x4}");
            else
                text.Append(c);
        }

        return text.Append(name.Length > 128 ? "…'" : "'").ToString();
    }
}
