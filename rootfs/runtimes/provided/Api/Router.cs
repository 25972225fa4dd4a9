using System.Text;
using Hearth.Adapter.Http;

namespace Hearth.Adapter.Api;

/// <summary>Paths of the four APIs, by their versions.</summary>
/// <param name="runtime">Null: the function's process does not speak HTTP, and nobody else is to take its events.</param>
internal sealed class Router(RuntimeApi? runtime, ExtensionsApi extensions, SubscriptionsApi subscriptions) : IRouter
{
    private const string Runtime = "/2018-06-01", Extension = "/2020-01-01/extension";

    /// <summary>Of a request that is small by nature.</summary>
    public const int SmallBody = 1024 * 1024;

    public IExchange Begin(HttpRequest request, HttpConnection connection)
    {
        var path = request.Path;
        if (path is "/ping" or Runtime + "/ping")
            return On("GET", static (r, c) => new WholeBody(r, SmallBody, _ => c.Answer(new HttpAnswer(200, "text/plain; charset=utf-8"), "pong"u8)));
        if (runtime is null && path.StartsWith(Runtime, StringComparison.Ordinal))
            return Answers.NotFound(connection);
        if (path == Runtime + "/runtime/invocation/next")
            return On("GET", runtime!.Next);
        if (path == Runtime + "/runtime/init/error")
            return On("POST", runtime!.InitError);
        if (path.StartsWith(Runtime + "/runtime/invocation/", StringComparison.Ordinal))
            return Invocation(request, connection, path[(Runtime.Length + "/runtime/invocation/".Length)..]);
        switch (path)
        {
            case Extension + "/register":
                return On("POST", extensions.Register);
            case Extension + "/event/next":
                return On("GET", extensions.Next);
            case Extension + "/init/error":
                return On("POST", extensions.InitError);
            case Extension + "/exit/error":
                return On("POST", extensions.ExitError);
            case "/2022-07-01/telemetry":
                return On("PUT", subscriptions.Telemetry);
            case "/2020-08-15/logs":
                return On("PUT", subscriptions.Logs);
            default:
                return Answers.NotFound(connection);
        }

        IExchange On(string method, Func<HttpRequest, HttpConnection, IExchange> serve) =>
            request.Method == method ? serve(request, connection) : Answers.NoSuchMethod(connection);
    }

    private IExchange Invocation(HttpRequest request, HttpConnection connection, string rest)
    {
        var slash = rest.IndexOf('/', StringComparison.Ordinal);
        var what = slash < 0 ? "" : rest[(slash + 1)..];
        if (what is not ("response" or "error"))
            return Answers.NotFound(connection);
        if (request.Method != "POST")
            return Answers.NoSuchMethod(connection);
        var id = rest[..slash];
        return what == "response" ? runtime!.Response(request, connection, id) : runtime!.Error(request, connection, id);
    }
}
