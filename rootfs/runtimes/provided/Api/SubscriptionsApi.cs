using Hearth.Adapter.Http;
using Hearth.Adapter.Telemetry;

namespace Hearth.Adapter.Api;

/// <summary>PUT /2022-07-01/telemetry and PUT /2020-08-15/logs.</summary>
internal sealed class SubscriptionsApi(ExtensionsApi extensions, TelemetryHub hub)
{
    public IExchange Telemetry(HttpRequest request, HttpConnection connection) => Subscribe(request, connection, "Telemetry", isLogs: false);

    public IExchange Logs(HttpRequest request, HttpConnection connection) => Subscribe(request, connection, "Logs", isLogs: true);

    private WholeBody Subscribe(HttpRequest request, HttpConnection connection, string api, bool isLogs) => new(request, Router.SmallBody, body =>
    {
        if (extensions.Find(request, connection, static id => $"Unknown extension {id}") is not { } extension)
            return;
        if (hub.IsClosed)
        {
            connection.Error(403, $"{api}.SubscriptionClosed", $"{api} API subscription is closed");
            return;
        }
        try
        {
            hub.Subscribe(extension, SubscriptionRequest.Parse(body ?? throw new FormatException("the body is too long"), isLogs));
            connection.Answer(new HttpAnswer(200, Answers.Json), "\"OK\""u8);
        }
        catch (FormatException e)
        {
            connection.Error(400, "ValidationError", e.Message);
        }
    });
}
