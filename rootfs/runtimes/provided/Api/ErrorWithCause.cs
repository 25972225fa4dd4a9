using System.Text.Json;

namespace Hearth.Adapter.Api;

/// <summary>An error that carries its X-Ray cause with it: the caller gets it without.</summary>
internal static class ErrorWithCause
{
    public const string ContentType = "application/vnd.aws.lambda.error.cause+json";

    private static readonly byte[] s_invalid = "\"Invalid error body\""u8.ToArray();

    public static byte[] WithoutCause(byte[] body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var error = document.RootElement;
            if (error.ValueKind != JsonValueKind.Object)
                return s_invalid;
            return Texts.Json(w =>
            {
                foreach (var name in (ReadOnlySpan<string>)["errorMessage", "errorType", "stackTrace"])
                {
                    if (error.TryGetProperty(name, out var value))
                    {
                        w.WritePropertyName(name);
                        value.WriteTo(w);
                    }
                }
            });
        }
        catch (JsonException)
        {
            return s_invalid;
        }
    }
}
