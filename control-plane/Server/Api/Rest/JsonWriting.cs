using System.Text.Json;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>Turns of phrase of Lambda's answers.</summary>
internal static class JsonWriting
{
    extension(Utf8JsonWriter writer)
    {
        /// <summary>Left out when null.</summary>
        public void Optional(string name, string? value)
        {
            if (value is not null)
                writer.WriteString(name, value);
        }

        public void Optional(string name, int? value)
        {
            if (value is { } number)
                writer.WriteNumber(name, number);
        }

        /// <summary>A structure with one member.</summary>
        public void Single(string name, string member, string value)
        {
            writer.WriteStartObject(name);
            writer.WriteString(member, value);
            writer.WriteEndObject();
        }

        public void Map(string name, IReadOnlyDictionary<string, string> map)
        {
            writer.WriteStartObject(name);
            foreach ((string key, string value) in map.OrderBy(p => p.Key, StringComparer.Ordinal))
                writer.WriteString(key, value);
            writer.WriteEndObject();
        }

        public void Texts(string name, IEnumerable<string> texts)
        {
            writer.WriteStartArray(name);
            foreach (string text in texts)
                writer.WriteStringValue(text);
            writer.WriteEndArray();
        }

        /// <summary>JSON that was stored as it came, checked then.</summary>
        public void Raw(string name, string? json)
        {
            if (json is null)
                return;
            writer.WritePropertyName(name);
            writer.WriteRawValue(json);
        }

        /// <summary>The model's timestamps in JSON: seconds since 1970, with fractions.</summary>
        public void Seconds(string name, DateTimeOffset time) => writer.WriteNumber(name, time.ToUnixTimeMilliseconds() / 1000m);

        /// <summary>A page: its items under <paramref name="name"/>, and where the next one begins.</summary>
        public void Page<T>(string name, Functions.Page<T> page, Action<T> item)
        {
            writer.WriteStartObject();
            writer.WriteString("NextMarker", page.NextMarker);
            writer.WriteStartArray(name);
            foreach (T value in page.Items)
                item(value);
            writer.WriteEndArray();
            writer.WriteEndObject();
        }
    }

    /// <summary>Lambda's text form of times: 2023-01-31T12:34:56.000+0000.</summary>
    public static string LambdaTime(DateTimeOffset time) => Functions.LambdaTime.Of(time);
}
