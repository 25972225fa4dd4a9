using Hearth.Adapter.Http;

namespace Hearth.Adapter.Api;

internal sealed class SubscriptionsApi(ExtensionsApi extensions)
{
    public IExchange Telemetry(HttpRequest request, HttpConnection connection) => Unsupported(request, connection, "Telemetry");

    public IExchange Logs(HttpRequest request, HttpConnection connection) => Unsupported(request, connection, "Logs");

    private WholeBody Unsupported(HttpRequest request, HttpConnection connection, string api) => new(request, Router.SmallBody, _ =>
    {
        if (extensions.Find(request, connection, static id => $"Unknown extension {id}") is not null)
            connection.Error(202, $"{api}.NotSupported", $"{api} API is not supported");
    });
}
