using System.Text.Json;
using Hearth.Contracts;
using Hearth.ControlPlane.Api.Rest.Model;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>Members of a request by the type that the service model gives them. Absent and null are the same; unknown members are ignored, as AWS does.</summary>
public readonly struct JsonMembers(JsonElement element)
{
    /// <summary>As it was parsed; undefined when there is no body.</summary>
    public JsonElement Element => element;

    /// <exception cref="LambdaException">SerializationException: another type.</exception>
    public string? Text(string member) => Find(member, out JsonElement value)
        ? value.ValueKind == JsonValueKind.String ? JsonTypes.TextOf(value) : throw Wrong(value, "a String")
        : null;

    /// <summary>Null also when it is of another type.</summary>
    public string? MaybeText(string member) => Find(member, out JsonElement value) && value.ValueKind == JsonValueKind.String ? JsonTypes.TextOf(value) : null;

    public int? Integer(string member)
    {
        if (!Find(member, out JsonElement value))
            return null;
        if (value.ValueKind != JsonValueKind.Number)
            throw Wrong(value, "an Integer");
        if (value.TryGetInt32(out int number))
            return number;
        // Out of an integer's range it is out of every member's range: let the range rule say so. AWS cuts fractions off.
        double wide = value.GetDouble();
        return double.IsNaN(wide) ? null : (int)Math.Clamp(Math.Truncate(wide), int.MinValue, int.MaxValue);
    }

    public long? Long(string member)
    {
        if (!Find(member, out JsonElement value))
            return null;
        if (value.ValueKind != JsonValueKind.Number)
            throw Wrong(value, "a Long");
        return value.TryGetInt64(out long number) ? number : (long)Math.Clamp(value.GetDouble(), long.MinValue, long.MaxValue);
    }

    public bool Flag(string member) => Find(member, out JsonElement value) && value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Wrong(value, "a Boolean"),
    };

    /// <summary>Null when it is not given.</summary>
    public bool? MaybeFlag(string member) => Find(member, out _) ? Flag(member) : null;

    public byte[]? Blob(string member)
    {
        if (!Find(member, out JsonElement value))
            return null;
        if (value.ValueKind != JsonValueKind.String)
            throw Wrong(value, "a Blob");
        return value.TryGetBytesFromBase64(out byte[]? bytes)
            ? bytes
            : throw new LambdaException(LambdaError.Serialization($"{member} is not valid base64"));
    }

    public JsonMembers? Structure(string member) => Find(member, out JsonElement value)
        ? value.ValueKind == JsonValueKind.Object ? new JsonMembers(value) : throw Wrong(value, "a Structure")
        : null;

    public IReadOnlyList<JsonMembers>? Structures(string member)
    {
        if (!Find(member, out JsonElement value))
            return null;
        if (value.ValueKind != JsonValueKind.Array)
            throw Wrong(value, "a List");
        return [.. value.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.Object ? new JsonMembers(v) : throw Wrong(v, "a Structure"))];
    }

    public IReadOnlyList<string>? Texts(string member)
    {
        if (!Find(member, out JsonElement value))
            return null;
        if (value.ValueKind != JsonValueKind.Array)
            throw Wrong(value, "a List");
        return [.. value.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.String ? JsonTypes.TextOf(v) : throw Wrong(v, "a String"))];
    }

    public IReadOnlyDictionary<string, string>? Map(string member)
    {
        if (!Find(member, out JsonElement value))
            return null;
        if (value.ValueKind != JsonValueKind.Object)
            throw Wrong(value, "a Map");
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonProperty property in value.EnumerateObject())
            map[property.Name] = property.Value.ValueKind == JsonValueKind.String ? JsonTypes.TextOf(property.Value) : throw Wrong(property.Value, "a String");
        return map;
    }

    /// <summary>True when the member is there and says anything: not null, and neither an empty list nor an empty structure nor an empty string.</summary>
    public bool Says(string member) => Find(member, out JsonElement value) && SaysAnything(value);

    // By value, each once: to look up the name of every member would be quadratic in a body of up to 67 MiB, and would see only the last of two with one name.
    private static bool SaysAnything(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().Any(p => SaysAnything(p.Value)),
        JsonValueKind.String => value.ValueEquals("") is false,
        JsonValueKind.False or JsonValueKind.Null => false,
        _ => true,
    };

    private bool Find(string member, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(member, out value) && value.ValueKind != JsonValueKind.Null;
    }

    private static LambdaException Wrong(JsonElement value, string wanted) => JsonTypes.Wrong(value, wanted);
}
