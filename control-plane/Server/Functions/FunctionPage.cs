using System.Buffers.Text;
using System.Text;
using Hearth.Contracts;

namespace Hearth.ControlPlane.Functions;

/// <summary>One page of a list. The marker names the last function of the page before, so that a page is right even when functions come and go between.</summary>
public sealed record FunctionPage(IReadOnlyList<FunctionDefinition> Functions, string? NextMarker)
{
    /// <summary>AWS never gives more in one answer, whatever is asked for.</summary>
    public const int MaxSize = 50;

    private const int MaxAsked = 10_000;

    /// <exception cref="LambdaException">MaxItems out of range, or a marker that is not ours.</exception>
    public static FunctionPage Of(IEnumerable<FunctionDefinition> inOrder, int? maxItems, string? marker)
    {
        if (maxItems < 1)
            throw new LambdaException(LambdaError.Validation($"{maxItems}", "maxItems", "Member must have value greater than or equal to 1"));
        if (maxItems > MaxAsked)
            throw new LambdaException(LambdaError.Validation($"{maxItems}", "maxItems", $"Member must have value less than or equal to {MaxAsked}"));
        int size = Math.Min(maxItems ?? MaxSize, MaxSize);
        string after = string.IsNullOrEmpty(marker) ? "" : Decode(marker);
        List<FunctionDefinition> page = [.. inOrder.Where(f => string.CompareOrdinal(f.Name, after) > 0).Take(size + 1)];
        if (page.Count <= size)
            return new FunctionPage(page, null);
        page.RemoveAt(size);
        return new FunctionPage(page, Base64Url.EncodeToString(Encoding.UTF8.GetBytes(page[^1].Name)));
    }

    private static string Decode(string marker)
    {
        if (marker.Length <= 100 && Base64Url.IsValid(marker))
        {
            string name = Encoding.UTF8.GetString(Base64Url.DecodeFromChars(marker));
            if (FunctionName.IsPlainName(name))
                return name;
        }

        throw new LambdaException(LambdaError.InvalidParameterValue("Invalid marker: give the NextMarker of the page before, or none."));
    }
}
