using System.Text.Json;
using Hearth.Contracts;

namespace Hearth.ControlPlane.Api.Rest.Model;

/// <summary>Which JSON values stand for which type of the model, and AWS's words for one that does not.</summary>
internal static class JsonTypes
{
    public static bool Fit(JsonElement value, ShapeKind kind) => kind switch
    {
        ShapeKind.Structure or ShapeKind.Map => value.ValueKind == JsonValueKind.Object,
        ShapeKind.List => value.ValueKind == JsonValueKind.Array,
        ShapeKind.String or ShapeKind.Blob => value.ValueKind == JsonValueKind.String,
        ShapeKind.Boolean => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        ShapeKind.Timestamp => value.ValueKind is JsonValueKind.Number or JsonValueKind.String,
        _ => value.ValueKind == JsonValueKind.Number,
    };

    public static LambdaException Wrong(JsonElement value, ShapeKind wanted) => Wrong(value, $"{(wanted == ShapeKind.Integer ? "an" : "a")} {wanted}");

    /// <param name="wanted">With its article: "a String".</param>
    public static LambdaException Wrong(JsonElement value, string wanted)
    {
        string found = value.ValueKind switch
        {
            JsonValueKind.String => "STRING_VALUE can not be converted to",
            JsonValueKind.Number => "NUMBER_VALUE can not be converted to",
            JsonValueKind.True => "TRUE_VALUE can not be converted to",
            JsonValueKind.False => "FALSE_VALUE can not be converted to",
            JsonValueKind.Array => "Start of list found where not expected:",
            _ => "Start of structure or map found where not expected:",
        };
        return new LambdaException(LambdaError.Serialization($"{found} {wanted}"));
    }

    // A lone surrogate in \u escapes cannot be text.
    public static string TextOf(JsonElement value)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new LambdaException(LambdaError.Serialization("A string holds half of a surrogate pair."));
        }
    }
}
