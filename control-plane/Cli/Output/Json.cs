using System.Text;
using System.Text.Json;

namespace Hearth.Cli.Output;

/// <summary>JSON on stdout. Written field by field: nothing to reflect over, and the names stay what the README says.</summary>
internal static class Json
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Print(Action<Utf8JsonWriter> write) => Console.Out.WriteLine(Render(write, Options));

    /// <summary>One object a line, for streams.</summary>
    public static void PrintLine(Action<Utf8JsonWriter> write) => Console.Out.WriteLine(Render(write, Options with { Indented = false }));

    public static void PrintArray<T>(string name, IEnumerable<T> items, Action<Utf8JsonWriter, T> writeItem) => Print(writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartArray(name);
        foreach (var item in items) writeItem(writer, item);
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static string Render(Action<Utf8JsonWriter> write, JsonWriterOptions options)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, options)) write(writer);
        return Encoding.UTF8.GetString(buffer.GetBuffer(), 0, (int)buffer.Length);
    }
}
