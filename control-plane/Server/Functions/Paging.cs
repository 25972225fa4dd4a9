using System.Buffers.Text;
using System.Text;
using Hearth.Contracts;

namespace Hearth.ControlPlane.Functions;

/// <summary>Cuts lists into pages. The marker names the last item of the page before, so that a page is right even when items come and go between.</summary>
public static class Paging
{
    /// <summary>AWS never gives more in one answer, whatever is asked for.</summary>
    public const int MaxSize = 50;

    private const int MaxAsked = 10_000;

    private const int MaxMarker = 2_100;

    // Tells a marker of ours from text that happens to be base64.
    private const string Mark = "after:";

    /// <param name="inOrder">By ascending key, compared by ordinal.</param>
    /// <exception cref="LambdaException">MaxItems out of range, or a marker that is not ours.</exception>
    public static Page<T> Of<T>(IEnumerable<T> inOrder, Func<T, string> key, int? maxItems, string? marker, int maxSize = MaxSize)
    {
        if (maxItems < 1)
            throw new LambdaException(LambdaError.Validation($"{maxItems}", "maxItems", "Member must have value greater than or equal to 1"));
        if (maxItems > MaxAsked)
            throw new LambdaException(LambdaError.Validation($"{maxItems}", "maxItems", $"Member must have value less than or equal to {MaxAsked}"));
        int size = Math.Min(maxItems ?? maxSize, maxSize);
        string after = string.IsNullOrEmpty(marker) ? "" : Decode(marker);
        List<T> page = [.. inOrder.Where(item => string.CompareOrdinal(key(item), after) > 0).Take(size + 1)];
        if (page.Count <= size)
            return new Page<T>(page, null);
        page.RemoveAt(size);
        return new Page<T>(page, Base64Url.EncodeToString(Encoding.UTF8.GetBytes(Mark + key(page[^1]))));
    }

    private static string Decode(string marker)
    {
        if (marker.Length <= MaxMarker && Base64Url.IsValid(marker))
        {
            string text = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(marker));
            if (text.StartsWith(Mark, StringComparison.Ordinal))
                return text[Mark.Length..];
        }

        throw new LambdaException(LambdaError.InvalidParameterValue("Invalid marker: give the NextMarker of the page before, or none."));
    }
}
