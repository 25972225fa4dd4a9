using System.Net.Sockets;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress;

/// <summary>Everything that is not an invocation goes to the control plane's Unix socket and comes back unchanged, both ways as a stream.</summary>
internal sealed class ControlProxy : IDisposable
{
    private const int CopyBuffer = 64 * 1024;
    private readonly HttpMessageInvoker _client;
    private readonly ILogger _log;

    public ControlProxy(string socketPath, ILogger log)
    {
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
        try
        {
            using var request = Request(context);
            using var answer = await _client.SendAsync(request, context.RequestAborted);
            await AnswerAsync(context, answer);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
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

    private static HttpRequestMessage Request(HttpContext context)
    {
        var from = context.Request;
        var target = RawTarget.Of(context);
        var to = new HttpRequestMessage(
            new HttpMethod(from.Method), new Uri("http://control" + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true }));
        if (from.ContentLength > 0 || from.Headers.TransferEncoding.Count > 0)
        {
            to.Content = new StreamContent(from.Body, CopyBuffer);
            to.Content.Headers.ContentLength = from.ContentLength;
        }
        foreach (var (name, values) in from.Headers)
        {
            if (HopByHop.Is(name, from.Headers.Connection) || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase))
                continue;
            if (!to.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
                to.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }
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
