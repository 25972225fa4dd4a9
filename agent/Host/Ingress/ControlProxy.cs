using System.Net.Sockets;
using Hearth.Agent.Ingress.Signatures;
using Hearth.Contracts;
using Hearth.Contracts.Access;

namespace Hearth.Agent.Ingress;

/// <summary>
/// Everything that is not an invocation goes to the control plane's Unix socket and comes back unchanged, both ways as a stream. The control plane trusts what comes that way: with keys
/// every request is checked here, and of each it is told whose it is.
/// </summary>
internal sealed class ControlProxy : IDisposable
{
    private const int CopyBuffer = 64 * 1024;
    private const int Connections = 256;

    // Bodies whose sender is known at their end only: they keep a connection for as long as they come.
    private const int MaxUnproved = Connections / 2;

    private readonly HttpMessageInvoker _client;
    private readonly RequestSignatures _signatures;
    private readonly TimeSpan _passTime;
    private readonly ILogger _log;
    private int _unproved;

    /// <param name="passTime">See <see cref="IngressLimits.PassTime"/>.</param>
    public ControlProxy(string socketPath, RequestSignatures signatures, TimeSpan passTime, ILogger log)
    {
        _signatures = signatures;
        _passTime = passTime;
        _log = log;
        _client = new HttpMessageInvoker(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            ActivityHeadersPropagator = null,
            MaxConnectionsPerServer = Connections,
            ConnectCallback = async (_, cancellationToken) => await UnixSockets.ConnectAsync(socketPath, cancellationToken),
        });
    }

    public async Task HandleAsync(HttpContext context)
    {
        VerifiedBody? checkedBody = null;
        var countsAsUnproved = false;
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        try
        {
            // There are only so many connections to the control plane: nobody keeps one for ever.
            ending.CancelAfter(_passTime);
            string? caller = null;
            SignedRequest? signed = null;
            if (IsCodeLink(context.Request))
            {
                // Nobody's: the control plane knows the link for its own, and serves nothing else to nobody.
                _signatures.RequireLocalWithoutKeys(context.Request);
            }
            else
            {
                signed = _signatures.Begin(context.Request);
                caller = signed?.Caller.ToHeader() ?? CallerIdentity.LocalText;
            }
            if (signed is not null && HasBody(context.Request))
            {
                checkedBody = new VerifiedBody(context.Request.Body, context.Request.ContentLength, signed);
                countsAsUnproved = !signed.IsProved;
                if (countsAsUnproved && Interlocked.Increment(ref _unproved) > MaxUnproved)
                    throw new LambdaException(LambdaError.Service("This node passes on as many requests as it may of which only the end of the body tells whose they are; try again.", 503));
            }
            else if (signed?.Refusal(BodyHash.Empty) is { } refusal)
                throw new LambdaException(refusal);
            using var request = Request(context, checkedBody, caller, isProved: signed?.IsProved ?? true);
            using var answer = await _client.SendAsync(request, ending.Token);
            await AnswerAsync(context, answer, ending.Token);
        }
        catch (Exception) when (context.RequestAborted.IsCancellationRequested)
        {
            context.Abort();
        }
        catch (Exception) when (checkedBody?.Refusal is not null)
        {
            await ErrorResponse.WriteAsync(context, checkedBody.Refusal);
        }
        catch (Exception) when (ending.IsCancellationRequested)
        {
            await ErrorResponse.WriteAsync(context, new LambdaError(
                408, "RequestTimeoutException", $"The request was not done within {_passTime.TotalMinutes} minutes, upload and answer included.", LambdaErrorBody.TypeAndLowerCaseMessage));
        }
        catch (LambdaException e)
        {
            await ErrorResponse.WriteAsync(context, e.Error);
        }
        // By itself, or as the reason why the client's body could not be sent on.
        catch (Exception e) when ((e as BadHttpRequestException ?? e.InnerException as BadHttpRequestException) is { } bad)
        {
            await ErrorResponse.WriteAsync(context, ErrorResponse.Of(bad));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException)
        {
            _log.LogWarning("{Method} {Path} could not be passed on: {Cause}", context.Request.Method, context.Request.Path, e.Message);
            await ErrorResponse.WriteAsync(context, LambdaError.Service("The control plane is away; functions can be invoked meanwhile, try this again.", 503));
        }
        finally
        {
            if (countsAsUnproved)
                Interlocked.Decrement(ref _unproved);
        }
    }

    public void Dispose() => _client.Dispose();

    /// <summary>A link to code, which the control plane itself has signed.</summary>
    private static bool IsCodeLink(HttpRequest request) => HttpMethods.IsGet(request.Method) && request.Path.StartsWithSegments("/hearth-code") && !HasBody(request);

    private static bool HasBody(HttpRequest request) => request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0;

    /// <param name="caller">Whose it is; null = nobody's.</param>
    /// <param name="isProved">That is certain before the body's end.</param>
    private static HttpRequestMessage Request(HttpContext context, VerifiedBody? checkedBody, string? caller, bool isProved)
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
        var hopByHop = new HopByHop(from.Headers.Connection);
        foreach (var (name, values) in from.Headers)
        {
            // What is ours to say is not the client's.
            if (hopByHop.Includes(name) || name.Equals("Content-Length", StringComparison.OrdinalIgnoreCase)
                || name.Equals(CallerIdentity.Header, StringComparison.OrdinalIgnoreCase) || name.Equals(CallerIdentity.UnprovedHeader, StringComparison.OrdinalIgnoreCase))
                continue;
            if (!to.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
                to.Content?.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }
        if (caller is not null)
            to.Headers.TryAddWithoutValidation(CallerIdentity.Header, caller);
        if (!isProved)
            to.Headers.TryAddWithoutValidation(CallerIdentity.UnprovedHeader, "1");
        return to;
    }

    private static async Task AnswerAsync(HttpContext context, HttpResponseMessage answer, CancellationToken cancellationToken)
    {
        var response = context.Response;
        response.StatusCode = (int)answer.StatusCode;
        var hopByHop = new HopByHop(answer.Headers.NonValidated.TryGetValues("Connection", out var named) ? named.ToString() : "");
        foreach (var (name, values) in answer.Headers.NonValidated.Concat(answer.Content.Headers.NonValidated))
        {
            if (!hopByHop.Includes(name))
                response.Headers[name] = values.ToArray();
        }
        if (HttpMethods.IsHead(context.Request.Method))
            return;
        await using var body = await answer.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[CopyBuffer];
        int count;
        // Each piece goes out as it comes: followers of a log wait for single lines.
        while ((count = await body.ReadAsync(buffer, cancellationToken)) > 0)
            await AnswerBody.WriteSliceAsync(context, buffer.AsMemory(0, count), cancellationToken);
    }
}
