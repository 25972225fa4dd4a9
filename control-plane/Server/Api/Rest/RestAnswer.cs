using System.Text.Encodings.Web;
using System.Text.Json;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>What an operation answers: a status and, unless it is empty, JSON.</summary>
/// <param name="Write">Writes one JSON value; null for no body.</param>
public readonly record struct RestAnswer(int Status, Action<Utf8JsonWriter>? Write = null, string ContentType = "application/json")
{
    // As AWS: quotes and non-ASCII as they are. The answers are never embedded in HTML.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A header for what this answer lacks, which AWS's form has no place for; printable ASCII of it is sent.</summary>
    public const string IncompleteHeader = "x-hearth-incomplete";

    /// <summary>Null: nothing is missing.</summary>
    public string? Incomplete { get; init; }

    public static RestAnswer Ok(Action<Utf8JsonWriter> write) => new(StatusCodes.Status200OK, write);

    public static RestAnswer Created(Action<Utf8JsonWriter> write) => new(StatusCodes.Status201Created, write);

    public static RestAnswer Accepted(Action<Utf8JsonWriter> write) => new(StatusCodes.Status202Accepted, write);

    public static RestAnswer Nothing { get; } = new(StatusCodes.Status204NoContent);

    public async Task SendAsync(HttpContext http)
    {
        http.Response.StatusCode = Status;
        if (Write is null)
            return;
        http.Response.ContentType = ContentType;
        if (Incomplete is not null)
            http.Response.Headers[IncompleteHeader] = string.Concat(Incomplete.Where(c => c is >= ' ' and <= '~'));
        await using (var writer = new Utf8JsonWriter(http.Response.BodyWriter, Options))
            Write(writer);
        await http.Response.BodyWriter.FlushAsync(http.RequestAborted);
    }
}
