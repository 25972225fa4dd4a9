using System.Collections.Frozen;
using System.Text;
using System.Xml;
using Hearth.Contracts;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Api.Rest.Identity;

/// <summary>STS and IAM in the query protocol: a form with <c>Action</c>, an answer in XML.</summary>
public sealed class QueryApi(FunctionAddress address, IEnumerable<IQueryOperations> groups)
{
    /// <summary>More than the largest policy, every letter of it escaped.</summary>
    private const int MaxBytes = 256 * 1024;

    private readonly FrozenDictionary<string, (string Service, string Namespace, QueryHandler Handler)> _handlers = groups
        .SelectMany(g => g.Handlers.Select(h => KeyValuePair.Create(h.Action, (g.Service, g.Namespace, h.Handler))))
        .ToFrozenDictionary(StringComparer.Ordinal);

    public async Task HandleAsync(HttpContext http)
    {
        var form = QueryForm.Parse(await ReadAsync(http));
        string action = form.Text("Action") ?? "";
        if (!_handlers.TryGetValue(action, out var operation))
            throw new LambdaException(new LambdaError(400, "InvalidAction", $"Could not find operation {(action.Length > 128 ? action[..128] : action)} for version {form.Text("Version") ?? "NO_VERSION_SPECIFIED"}", LambdaErrorBody.LowerCaseMessage));
        Caller caller = Caller.Of(http, address);
        caller.Require($"{operation.Service}:{action}");
        Action<XmlWriter>? result = operation.Handler(form, caller);
        byte[] body = Xml(action, operation.Namespace, result, http.Response.Headers["x-amzn-RequestId"].ToString());
        http.Response.ContentType = ApiProtocols.QueryType;
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body, http.RequestAborted);
    }

    private static byte[] Xml(string action, string space, Action<XmlWriter>? result, string requestId)
    {
        using var stream = new MemoryStream();
        using (XmlWriter writer = XmlWriter.Create(stream, new XmlWriterSettings { Encoding = new UTF8Encoding(false), OmitXmlDeclaration = true, CheckCharacters = false }))
        {
            writer.WriteStartElement($"{action}Response", space);
            if (result is not null)
            {
                writer.WriteStartElement($"{action}Result");
                result(writer);
                writer.WriteEndElement();
            }

            writer.WriteStartElement("ResponseMetadata");
            writer.WriteElementString("RequestId", requestId);
            writer.WriteEndElement();
            writer.WriteEndElement();
        }

        return stream.ToArray();
    }

    private static async Task<string> ReadAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        int read;
        while ((read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0)
        {
            if (body.Length + read > MaxBytes)
                throw new LambdaException(LambdaError.EntityTooLarge($"Request must be smaller than {MaxBytes} bytes"));
            body.Write(buffer, 0, read);
        }

        return Encoding.UTF8.GetString(body.GetBuffer(), 0, (int)body.Length);
    }
}
