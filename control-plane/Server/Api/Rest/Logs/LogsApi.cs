using System.Collections.Frozen;
using Hearth.Contracts;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Api.Rest.Logs;

/// <summary>CloudWatch Logs in JSON 1.1: <c>X-Amz-Target: Logs_20140328.OPERATION</c>.</summary>
public sealed class LogsApi(RequestBody bodies, FunctionAddress address, IEnumerable<ILogsOperations> groups)
{
    private const string Prefix = "Logs_20140328.";

    /// <summary>A batch of 1 MiB, every character of it escaped.</summary>
    private const int MaxBytes = 8 << 20;

    private readonly FrozenDictionary<string, Func<JsonMembers, Func<CancellationToken, Task<RestAnswer>>>> _handlers =
        groups.SelectMany(g => g.Handlers).ToFrozenDictionary(h => h.Operation, h => h.Handler, StringComparer.Ordinal);

    public async Task HandleAsync(HttpContext http)
    {
        string target = http.Request.Headers[ApiProtocols.TargetHeader].ToString();
        string operation = target.StartsWith(Prefix, StringComparison.Ordinal) ? target[Prefix.Length..] : "";
        if (!_handlers.TryGetValue(operation, out Func<JsonMembers, Func<CancellationToken, Task<RestAnswer>>>? handler))
            throw new LambdaException(new LambdaError(400, "UnknownOperationException", "The operation of X-Amz-Target is not one that this node has.", LambdaErrorBody.LowerCaseMessage));
        Caller caller = Caller.Of(http, address);
        Func<CancellationToken, Task<RestAnswer>> work = await bodies.UseAsync(
            http, operation, mayBeEmpty: true,
            body =>
            {
                caller.Require($"logs:{operation}");
                return handler(body);
            },
            MaxBytes);
        RestAnswer answer = await work(http.RequestAborted);
        await (answer with { ContentType = ApiProtocols.JsonType }).SendAsync(http);
    }
}
