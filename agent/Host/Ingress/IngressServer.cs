using Hearth.Agent.Hosting;
using Hearth.Agent.Ingress.EventStreams;
using Hearth.Agent.Ingress.Signatures;
using Hearth.Agent.Ingress.Web;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Hearth.Agent.Ingress;

/// <summary>
/// Port 9000. Kestrel's own limits stand against slow and oversized clients: request line 8 KiB, headers 32 KiB in 100 lines and 30 s, bodies and answers no slower than
/// <see cref="IngressLimits.LeastRate"/>, keep-alive 130 s, 10,000 connections, of each 128 KiB read ahead and 64 KiB (and a slice) not taken yet. Bodies of invocations are bounded by their
/// endpoint, others by the control plane.
/// </summary>
internal sealed class IngressServer
{
    private const int MaxConnections = 10_000;

    // Kestrel's own is a megabyte, which every connection may fill while its first request is under way.
    private const int ReadAhead = 128 * 1024;
    private readonly AgentOptions _options;
    private readonly WebApplication _app;
    private readonly ControlProxy _proxy;

    public IngressServer(
        AgentOptions options, InvocationEndpoint invocations, ResponseStreamEndpoint streams, WebTargets targets, WebEndpoint web, ControlProxy proxy, HealthEndpoint health,
        MetricsEndpoint metrics, RequestSignatures signatures, IngressLimits limits, ILoggerFactory logging)
    {
        _options = options;
        _proxy = proxy;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddSingleton(logging);
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.AllowSynchronousIO = false;
            kestrel.Limits.MaxRequestBodySize = null;
            kestrel.Limits.MaxConcurrentConnections = MaxConnections;
            kestrel.Limits.MaxRequestBufferSize = ReadAhead;
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(limits.LeastRate, limits.Grace);
            kestrel.Limits.MinResponseDataRate = new MinDataRate(limits.LeastRate, limits.Grace);
            kestrel.Listen(options.Host, options.Port);
        });
        _app = builder.Build();
        _app.Run(context =>
        {
            // What a function offers to the web is for web pages, under whatever name they know this node by. All else needs a signature, or to be local: its endpoint looks.
            if (targets.Find(context) is { } target)
                return web.HandleAsync(context, target);
            if (InvocationPath.TryMatch(context.Request, out var function, out var isAsync))
                return invocations.HandleAsync(context, function, isAsync);
            if (InvocationPath.TryMatchStream(context.Request, out function))
                return streams.HandleAsync(context, function);
            if (context.Request.Path.Value == "/metrics")
                return ErrorResponse.GuardAsync(context, _ => metrics.HandleAsync(context));
            if (context.Request.Path.Value != "/healthz")
                return proxy.HandleAsync(context);
            return ErrorResponse.GuardAsync(context, _ =>
            {
                signatures.RequireLocalWithoutKeys(context.Request);
                return health.HandleAsync(context);
            });
        });
    }

    /// <returns>http://ADDRESS:PORT.</returns>
    public async Task<string> StartAsync()
    {
        try
        {
            await _app.StartAsync();
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new IOException(
                $"cannot listen on {_options.Host}:{_options.Port}: another program uses the port (ss -ltnp 'sport = :{_options.Port}' names it); stop it or choose another with --port", e);
        }
        catch (System.Net.Sockets.SocketException e)
        {
            throw new IOException($"cannot listen on {_options.Host}:{_options.Port}: {e.Message}; choose another with --host and --port (ports below 1024 need root)", e);
        }
        return _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
    }

    public async Task StopAsync(TimeSpan patience)
    {
        using var limit = new CancellationTokenSource(patience);
        try
        {
            await _app.StopAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // What still runs is told by the scheduler.
        }
        await _app.DisposeAsync();
        _proxy.Dispose();
    }

    // Signals are the program's business: it stops the parts in order.
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
