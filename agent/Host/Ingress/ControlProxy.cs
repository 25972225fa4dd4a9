using System.Net.Sockets;
using Hearth.Agent.Ingress.Signatures;
using Hearth.Contracts;
using Hearth.Contracts.Access;

namespace Hearth.Agent.Ingress;

/// <summary>
/// Everything that is not an invocation goes to the control plane's Unix socket and comes back unchanged, both ways as a stream. The control plane trusts what comes that way: with keys
/// every request is checked here, and it is told who signed.
/// </summary>
internal sealed class ControlProxy : IDisposable
{
    private const int CopyBuffer = 64 * 1024;
    private readonly HttpMessageInvoker _client;
    private readonly RequestSignatures _signatures;
    private readonly ILogger _log;

    public ControlProxy(string socketPath, RequestSignatures signatures, ILogger log)
    {
        _signatures = signatures;
        _log = log;
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = 256,
            ConnectCallback = async (_, cancellationToken) => await UnixSockets.ConnectAsync(socketPath, cancellationToken),
        });
    }

    public async Task HandleAsync(HttpContext context)
    {
        VerifiedBody? checkedBody = null;
        try
        {
            var signed = IsCodeLink(context.Request) ? null : _signatures.Begin(context.Request);
            if (signed is not null && HasBody(context.Request))
                checkedBody = new VerifiedBody(context.Request.Body, context.Request.ContentLength, signed);
            else if (signed?.Refusal(BodyHash.Empty) is { } refusal)
                throw new LambdaException(refusal);
            using var request = Request(context, signed, checkedBody);
            using var answer = await _client.SendAsync(request, context.RequestAborted);
            await AnswerAsync(context, answer);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
        }
        catch (Exception) when (checkedBody?.Refusal is not null)
        {
            await ErrorResponse.WriteAsync(context, checkedBody.Refusal);
        }
        catch (LambdaException e)
        {
            await ErrorResponse.WriteAsync(context, e.Error);
        }
        catch (BadHttpRequestException e)
        {
            await ErrorResponse.WriteAsync(context, new LambdaError(e.StatusCode, "InvalidRequestContentException", e.Message, LambdaErrorBody.TypeAndLowerCaseMessage));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            _log.LogWarning("{Method} {Path} could not be passed on: {Cause}", context.Request.Method, context.Request.Path, e.Message);
            await ErrorResponse.WriteAsync(context, LambdaError.Service("The control plane is away; functions can be invoked meanwhile, try this again.", 503));
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>A link to code, which the control plane itself has signed.</summary>
    private static bool IsCodeLink(HttpRequest request) => HttpMethods.IsGet(request.Method) && request.Path.StartsWithSegments("/hearth-code") && !HasBody(request);

    private static bool HasBody(HttpRequest request) => request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0;

    private static HttpRequestMessage Request(HttpContext context, SignedRequest? signed, VerifiedBody? checkedBody)
    {
        var from = context.Request;
        var target = RawTarget.Of(context);
        var to = new HttpRequestMessage(
            new HttpMethod(from.Method), new Uri("http://control" + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (HasBody(from))
        {
            to.Content = new StreamContent(checkedBody ?? from.Body, CopyBuffer);
            to.Content.Headers.ContentLength = from.ContentLength;
        }
        foreach (var (name, values) in from.Headers)
        {
            if (HopByHop.Is(name, from.Headers.Connection) || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase) || name.Equals(CallerIdentity.Header, StringComparison.OrdinalIgnoreCase))
                continue;
            if (!to.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
                to.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }
        if (signed is not null)
            to.Headers.TryAddWithoutValidation(CallerIdentity.Header, signed.Caller.ToHeader());
        return to;
    }

    private static async Task AnswerAsync(HttpContext context, HttpResponseMessage answer)
    {
        var response = context.Response;
        response.StatusCode = (int)answer.StatusCode;
        var connection = answer.Headers.NonValidated.TryGetValues("Connection", out var named) ? named.ToString() : "";
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            if (!HopByHop.Is(name, connection))
                response.Headers[name] = values.ToArray();
        }
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        await using var body = await answer.Content.ReadAsStreamAsync(context.RequestAborted);
        var buffer = new byte[CopyBuffer];
        int count;
        // Each piece goes out as it comes: followers of a log wait for single lines.
        while ((count = await body.ReadAsync(buffer, context.RequestAborted)) > 0)
        {
            await response.Body.WriteAsync(buffer.AsMemory(0, count), context.RequestAborted);
            await response.Body.FlushAsync(context.RequestAborted);
        }
    }
}
