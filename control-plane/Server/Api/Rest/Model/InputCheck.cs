using System.Globalization;
using System.Text.Json;
using Hearth.Contracts;

namespace Hearth.ControlPlane.Api.Rest.Model;

/// <summary>
/// Checks a request against the service model, in AWS's two steps: a value of another type is a SerializationException at once, then all constraints that do not
/// hold are told together.
/// </summary>
internal sealed class InputCheck
{
    private const int MaxShown = 256;

    private readonly List<string> _violations = [];

    /// <exception cref="LambdaException">SerializationException or ValidationException.</exception>
    public static void Check(RestCall call)
    {
        var check = new InputCheck();
        foreach (ModelMember member in call.Operation.Input?.Members ?? [])
            check.Member(call, member);
        if (check._violations.Count > 0)
            throw new LambdaException(LambdaError.Validation(check._violations));
    }

    private void Member(RestCall call, ModelMember member)
    {
        if (member.Place == "body")
            BodyMember(call.Body.Element, member, "");
        else if (call.Parameter(member) is { } text)
            Text(text, member);
        else if (member.Required)
            Add(null, member.Told, "Member must not be null");
    }

    // Outside of the body everything comes as text.
    private void Text(string text, ModelMember member)
    {
        if (member.Shape.Kind is ShapeKind.Integer or ShapeKind.Long)
            Number(ParseNumber(text, member.Shape.Kind), text, member.Shape, member.Told);
        else if (member.Shape.Kind == ShapeKind.Boolean && text is not ("true" or "false"))
            throw new LambdaException(LambdaError.Serialization("STRING_VALUE can not be converted to a Boolean"));
        else if (member.Shape.Kind == ShapeKind.String)
            String(text, member.Shape, member.Told);
    }

    private static double ParseNumber(string text, ShapeKind kind) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
        ? number
        : throw new LambdaException(LambdaError.Serialization($"STRING_VALUE can not be converted to {(kind == ShapeKind.Long ? "a Long" : "an Integer")}"));

    private void BodyMember(JsonElement parent, ModelMember member, string path)
    {
        string told = path + member.Told;
        if (parent.ValueKind == JsonValueKind.Object && parent.TryGetProperty(member.Wire, out JsonElement value) && value.ValueKind != JsonValueKind.Null)
            Value(value, member.Shape, told);
        else if (member.Required)
            Add(null, told, "Member must not be null");
    }

    private void Value(JsonElement value, Shape shape, string told)
    {
        if (!JsonTypes.Fit(value, shape.Kind))
            throw JsonTypes.Wrong(value, shape.Kind);
        switch (shape.Kind)
        {
            case ShapeKind.Structure:
                foreach (ModelMember member in shape.Members)
                    BodyMember(value, member, told + ".");
                break;
            case ShapeKind.List:
                List(value, shape, told);
                break;
            case ShapeKind.Map:
                Map(value, shape, told);
                break;
            case ShapeKind.String:
                String(JsonTypes.TextOf(value), shape, told);
                break;
            case ShapeKind.Integer or ShapeKind.Long or ShapeKind.Double:
                Number(value.GetDouble(), value.GetRawText(), shape, told);
                break;
        }
    }

    private void String(string value, Shape shape, string told)
    {
        foreach (string broken in Broken(value, shape))
            Add(value, told, broken);
    }

    private void Number(double value, string text, Shape shape, string told)
    {
        if (value < shape.Min)
            Add(text, told, $"Member must have value greater than or equal to {Told(shape.Min, shape)}");
        else if (value > shape.Max)
            Add(text, told, $"Member must have value less than or equal to {Told(shape.Max, shape)}");
    }

    private void List(JsonElement value, Shape shape, string told)
    {
        int count = value.GetArrayLength();
        if (count < shape.Min)
            Add(Shown(value), told, $"Member must have length greater than or equal to {shape.Min}");
        else if (count > shape.Max)
            Add(Shown(value), told, $"Member must have length less than or equal to {shape.Max}");
        int index = 0;
        foreach (JsonElement item in value.EnumerateArray())
        {
            index++;
            if (_violations.Count >= LambdaError.MaxViolations)
                return;
            if (shape.Element!.Kind == ShapeKind.String)
            {
                if (item.ValueKind != JsonValueKind.String)
                    throw JsonTypes.Wrong(item, ShapeKind.String);
                if (Broken(JsonTypes.TextOf(item), shape.Element) is { Count: > 0 } broken)
                {
                    Add(Shown(value), told, $"Member must satisfy constraint: [{string.Join(", ", broken)}]");
                    return;
                }
            }
            else
            {
                Value(item, shape.Element, $"{told}.{index}.member");
            }
        }
    }

    private void Map(JsonElement value, Shape shape, string told)
    {
        foreach (JsonProperty pair in value.EnumerateObject())
        {
            if (shape.Key is null || _violations.Count >= LambdaError.MaxViolations)
                return;
            if (Broken(pair.Name, shape.Key).Count > 0)
            {
                Add($"{{{pair.Name}={pair.Value.GetRawText()}}}", told, $"Map keys must satisfy constraint: [{string.Join(", ", Rules(shape.Key))}]");
                return;
            }

            Shape element = shape.Element!;
            if (!JsonTypes.Fit(pair.Value, element.Kind))
                throw JsonTypes.Wrong(pair.Value, element.Kind);
            if (element.Kind is ShapeKind.List)
                Value(pair.Value, element, told + "." + pair.Name);
            else if (element.Kind is ShapeKind.Double or ShapeKind.Integer or ShapeKind.Long && (pair.Value.GetDouble() < element.Min || pair.Value.GetDouble() > element.Max))
                Add($"{{{pair.Name}={pair.Value.GetRawText()}}}", told, $"Map values must satisfy constraint: [{string.Join(", ", Rules(element))}]");
        }
    }

    private static List<string> Broken(string value, Shape shape)
    {
        var broken = new List<string>();
        if (value.Length < shape.Min)
            broken.Add($"Member must have length greater than or equal to {shape.Min}");
        // One that is too long is not matched too.
        if (value.Length > shape.Max)
            broken.Add($"Member must have length less than or equal to {shape.Max}");
        else if (!shape.Matches(value))
            broken.Add($"Member must satisfy regular expression pattern: {shape.Pattern}");
        if (shape.Enum is { } allowed && !allowed.Contains(value, StringComparer.Ordinal))
            broken.Add($"Member must satisfy enum value set: [{string.Join(", ", allowed)}]");
        return broken;
    }

    /// <summary>All constraints of a map's keys or values, which AWS tells whole.</summary>
    private static IEnumerable<string> Rules(Shape shape)
    {
        string what = shape.Kind == ShapeKind.String ? "length" : "value";
        if (shape.Max is not null)
            yield return $"Member must have {what} less than or equal to {Told(shape.Max, shape)}";
        if (shape.Min is not null)
            yield return $"Member must have {what} greater than or equal to {Told(shape.Min, shape)}";
        if (shape.Pattern is not null)
            yield return $"Member must satisfy regular expression pattern: {shape.Pattern}";
        yield return "Member must not be null";
    }

    private static string Told(double? number, Shape shape) =>
        number!.Value.ToString(shape.Kind == ShapeKind.Double ? "0.0###" : "0", CultureInfo.InvariantCulture);

    private static string Shown(JsonElement list)
    {
        string text = string.Join(", ", list.EnumerateArray().Take(LambdaError.MaxViolations).Select(v => v.ValueKind == JsonValueKind.String ? JsonTypes.TextOf(v) : v.GetRawText()));
        return $"[{(text.Length > MaxShown ? text[..MaxShown] : text)}]";
    }

    private void Add(string? value, string told, string rule)
    {
        if (_violations.Count < LambdaError.MaxViolations)
            _violations.Add(LambdaError.Violation(value, told, rule));
    }
}
