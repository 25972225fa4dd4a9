using System.Globalization;
using System.Text;
using System.Xml;
using Hearth.ControlPlane.Identity;

namespace Hearth.ControlPlane.Api.Rest.Identity;

/// <summary>Parameters of a request in the query protocol. Lists are <c>Tags.member.1.Key</c>.</summary>
public sealed class QueryForm
{
    private const int MaxParameters = 1_000;

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    private QueryForm()
    {
    }

    /// <summary>Of a parameter that comes twice the first counts.</summary>
    public static QueryForm Parse(string body)
    {
        var form = new QueryForm();
        foreach (string part in body.Split('&', MaxParameters, StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = part.IndexOf('=');
            form._values.TryAdd(Decode(equals < 0 ? part : part[..equals]), equals < 0 ? "" : Decode(part[(equals + 1)..]));
        }

        return form;
    }

    public string? Text(string name) => _values.GetValueOrDefault(name);

    public int? Number(string name) => Text(name) is not { } text ? null
        : int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int number) ? number
        : throw IamErrors.Validation(text, char.ToLowerInvariant(name[0]) + name[1..], "Member must be an integer");

    public IReadOnlyList<string> List(string name)
    {
        var list = new List<string>();
        while (Text($"{name}.member.{list.Count + 1}") is { } item)
            list.Add(item);
        return list;
    }

    public IReadOnlyDictionary<string, string> Tags()
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 1; Text($"Tags.member.{i}.Key") is { } key; i++)
            tags[key] = Text($"Tags.member.{i}.Value") ?? "";
        return tags;
    }

    private static string Decode(string text) => Uri.UnescapeDataString(text.Replace('+', ' '));
}

internal static class QueryXml
{
    extension(XmlWriter writer)
    {
        public void Text(string name, string text) => writer.WriteElementString(name, Contracts.ApiProtocols.VisibleXml(text));

        public void Time(string name, DateTimeOffset time) => writer.WriteElementString(name, time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));

        /// <summary>Policies are percent-encoded in IAM's answers (RFC 3986).</summary>
        public void Document(string name, string json) => writer.WriteElementString(name, Uri.EscapeDataString(json));

        public void List<T>(string name, IEnumerable<T> items, Action<T> item)
        {
            writer.WriteStartElement(name);
            foreach (T one in items)
            {
                writer.WriteStartElement("member");
                item(one);
                writer.WriteEndElement();
            }

            writer.WriteEndElement();
        }

        public void Tags(IReadOnlyDictionary<string, string> tags) => writer.List("Tags", tags, tag =>
        {
            writer.Text("Key", tag.Key);
            writer.Text("Value", tag.Value);
        });

        /// <summary>Lists are given whole: they are bounded.</summary>
        public void Whole() => writer.WriteElementString("IsTruncated", "false");
    }
}
