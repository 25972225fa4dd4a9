using System.Text;
using System.Text.Json;
using Hearth.Adapter.Http;

namespace Hearth.Adapter.Api;

/// <summary>The answers that the APIs share; texts are those of AWS's aws-lambda-runtime-interface-emulator (rapi/rendering).</summary>
internal static class Answers
{
    public const string Json = "application/json";

    public static readonly byte[] Accepted = "{\"status\":\"OK\"}\n"u8.ToArray();

    public const string NotAllowed = "State transition is not allowed";

    public static void Accept(this HttpConnection connection) => connection.Answer(new HttpAnswer(202, Json), Accepted);

    public static void Error(this HttpConnection connection, int status, string type, string message) =>
        connection.Answer(new HttpAnswer(status, Json), ErrorBody(type, message));

    /// <summary>Discards the body, then says no.</summary>
    public static IExchange Refuse(this HttpConnection connection, int status, string type, string message) =>
        new Refusal(connection, status, Json, ErrorBody(type, message));

    public static IExchange NotFound(HttpConnection connection) => new Refusal(connection, 404, "text/plain; charset=utf-8", "404 page not found\n"u8.ToArray());

    public static IExchange NoSuchMethod(HttpConnection connection) => new Refusal(connection, 405, null, []);

    private static byte[] ErrorBody(string type, string message) =>
    [
        .. Texts.Json(w =>
        {
            w.WriteString("errorMessage"u8, message);
            w.WriteString("errorType"u8, type);
        }),
        (byte)'\n',
    ];

    private sealed class Refusal(HttpConnection connection, int status, string? contentType, byte[] body) : IExchange
    {
        public bool IsDecided => true;

        public void OnBody(ReadOnlySpan<byte> bytes)
        {
        }

        public void OnEnd(Headers trailers) => connection.Answer(new HttpAnswer(status, contentType), body);

        public void OnTruncated()
        {
        }

        public void OnGone()
        {
        }
    }
}
