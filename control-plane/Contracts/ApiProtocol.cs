using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Xml;

namespace Hearth.Contracts;

/// <summary>How a request to one of AWS's services is written, and with it its errors.</summary>
public enum ApiProtocol
{
    /// <summary>Lambda: method and path say what is meant.</summary>
    Rest,

    /// <summary>CloudWatch Logs: JSON 1.1, <c>X-Amz-Target</c> says what is meant.</summary>
    Json,

    /// <summary>STS and IAM: a form whose field <c>Action</c> says what is meant; answers are XML.</summary>
    Query,
}

/// <summary>Errors in the form that the request's protocol has for them.</summary>
public static class ApiProtocols
{
    public const string TargetHeader = "X-Amz-Target";

    public const string JsonType = "application/x-amz-json-1.1";

    public const string QueryType = "text/xml";

    private const string FormType = "application/x-www-form-urlencoded";

    public static ApiProtocol Of(string method, string? path, bool hasTarget, string? contentType)
    {
        if (method != "POST" || path is not ("/" or "" or null))
            return ApiProtocol.Rest;
        return hasTarget ? ApiProtocol.Json : contentType?.StartsWith(FormType, StringComparison.OrdinalIgnoreCase) == true ? ApiProtocol.Query : ApiProtocol.Rest;
    }

    /// <returns>Status, Content-Type and body.</returns>
    public static (int Status, string ContentType, byte[] Body) Write(this ApiProtocol protocol, LambdaError error, string requestId) => protocol switch
    {
        // JSON 1.1 knows no other status for what is the client's fault.
        ApiProtocol.Json => (error.Status >= 500 ? error.Status : 400, JsonType, Json(error)),
        ApiProtocol.Query => (error.Status, QueryType, Xml(error, requestId)),
        _ => (error.Status, "application/json", error.ToJson()),
    };

    private static byte[] Json(LambdaError error)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var writer = new Utf8JsonWriter(buffer, LambdaError.JsonOptions))
        {
            writer.WriteStartObject();
            writer.WriteString("__type", error.Code);
            writer.WriteString("message", error.Message);
            writer.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static byte[] Xml(LambdaError error, string requestId)
    {
        using var stream = new MemoryStream();
        using (XmlWriter writer = XmlWriter.Create(stream, new XmlWriterSettings { Encoding = new UTF8Encoding(false), CheckCharacters = false }))
        {
            writer.WriteStartElement("ErrorResponse");
            writer.WriteStartElement("Error");
            writer.WriteElementString("Type", error.Status >= 500 ? "Receiver" : "Sender");
            writer.WriteElementString("Code", QueryCode(error.Code));
            writer.WriteElementString("Message", VisibleXml(error.Message));
            writer.WriteEndElement();
            writer.WriteElementString("RequestId", requestId);
            writer.WriteEndElement();
        }

        return stream.ToArray();
    }

    /// <summary>The same refusals under the names that the query services have for them.</summary>
    private static string QueryCode(string code) => code switch
    {
        "UnrecognizedClientException" => "InvalidClientTokenId",
        "InvalidSignatureException" => "SignatureDoesNotMatch",
        "ServiceException" => "ServiceFailure",
        _ when code.EndsWith("Exception", StringComparison.Ordinal) => code[..^"Exception".Length],
        _ => code,
    };

    /// <summary>Without what XML 1.0 cannot carry.</summary>
    public static string VisibleXml(string text) => string.Create(text.Length, text, static (shown, from) =>
    {
        for (int i = 0; i < shown.Length; i++)
            shown[i] = XmlConvert.IsXmlChar(from[i]) ? from[i] : '?';
    });
}
