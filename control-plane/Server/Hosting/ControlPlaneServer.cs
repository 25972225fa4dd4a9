using Grpc.Reflection;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Access;
using Hearth.ControlPlane.Agents;
using Hearth.ControlPlane.Api.Grpc;
using Hearth.ControlPlane.Api.Rest;
using Hearth.ControlPlane.Api.Rest.Identity;
using Hearth.ControlPlane.Api.Rest.Logs;
using Hearth.ControlPlane.Api.Rest.Model;
using Hearth.ControlPlane.Api.Rest.Operations;
using Hearth.ControlPlane.EventSources;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Identity;
using Hearth.ControlPlane.Layers;
using Hearth.ControlPlane.Logs;
using Hearth.ControlPlane.Metering;
using Hearth.ControlPlane.Queue;
using Hearth.ControlPlane.Routes;
using Hearth.ControlPlane.Runtimes;
using Hearth.ControlPlane.Store;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Hosting;

/// <summary>The whole server: its parts, its listeners, its way to start and stop.</summary>
public sealed class ControlPlaneServer : IAsyncDisposable
{
    /// <summary>A 6 MiB payload and its envelope.</summary>
    private const int MaxGrpcMessageBytes = 8 << 20;

    private readonly DataDirectory _data;
    private readonly WebApplication _app;

    /// <exception cref="StartException">The data directory cannot be used, or its database cannot be read.</exception>
    public ControlPlaneServer(ServerOptions options)
    {
        _data = new DataDirectory(options.DataDirectory);
        try
        {
            _app = Build(options, _data);
        }
        catch
        {
            _data.Dispose();
            throw;
        }
    }

    /// <summary>Bound addresses, e.g. to find the port that 0 became.</summary>
    public ICollection<string> Addresses => _app.Urls;

    public IServiceProvider Services => _app.Services;

    /// <summary>Returns when everything listens.</summary>
    /// <exception cref="StartException">A port or socket cannot be had.</exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        try
        {
            await _app.StartAsync(cancellationToken);
        }
        catch (IOException e)
        {
            throw new StartException($"cannot listen: {e.Message} Choose another port, or stop the program that has it.");
        }

        SocketFiles.Share(_data.RestSocket);
        SocketFiles.Share(_data.GrpcSocket);
    }

    public Task WaitForShutdownAsync() => _app.WaitForShutdownAsync();

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        _data.Dispose();
    }

    private static WebApplication Build(ServerOptions options, DataDirectory data)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = "hearth-control-plane" });
        builder.Configuration.Sources.Clear();
        builder.Logging.ClearProviders().AddProvider(new StderrLogging()).AddFilter("Microsoft", LogLevel.Warning).AddFilter("Grpc", LogLevel.Warning);
        builder.Services.AddHostedService<LogExpiry>();
        builder.Services.Configure<HostOptions>(h => h.ShutdownTimeout = TimeSpan.FromSeconds(5));
        builder.WebHost.ConfigureKestrel(kestrel => Listen(kestrel, options, data));

        Database database = Open(data.Database);
        var functions = new FunctionStore(database);
        var blobs = new BlobStore(data.Blobs);
        builder.Services
            .AddSingleton(_ => database)
            .AddSingleton(functions).AddSingleton(blobs).AddSingleton(options).AddSingleton(TimeProvider.System)
            .AddSingleton<KeyStore>().AddSingleton<KeyService>().AddSingleton<AccountSpec>()
            .AddSingleton<UsageStore>().AddSingleton<UsageReport>()
            .AddSingleton<FunctionAddress>().AddSingleton<FunctionService>().AddSingleton<AliasService>().AddSingleton<PermissionService>().AddSingleton<TagService>()
            .AddSingleton<ConcurrencyService>().AddSingleton<EventInvokeService>().AddSingleton<UrlService>().AddSingleton<RuntimeSettingsService>()
            .AddSingleton<CodeSigningService>().AddSingleton<EventSourceService>().AddSingleton<LayerStore>().AddSingleton<LayerService>()
            .AddSingleton<RouteStore>().AddSingleton<RouteService>()
            .AddSingleton<AgentRegistry>().AddSingleton<FunctionSpecs>().AddSingleton<FleetQueries>().AddSingleton<InvokeForwarder>().AddSingleton<AgentLinkService>()
            .AddSingleton<RuntimeCatalogue>()
            .AddSingleton(_ => OpenLogs(data.Logs, options.PutLogsMaxMb)).AddSingleton<FleetLogs>().AddSingleton<LogGroupService>().AddSingleton<LogStreamService>().AddSingleton<LogEventService>()
            .AddSingleton<PolicyStore>().AddSingleton<RoleService>()
            .AddSingleton<IEventPolicies, FunctionEventPolicies>().AddSingleton(services => OpenQueue(data.Queue, options.Queue, services))
            .AddSingleton(_ => new ObjectStore(options.S3Endpoint, options.Region, options.S3AccessKeyId, options.S3SecretAccessKey)).AddSingleton<CodeSource>().AddSingleton<RequestBody>().AddSingleton<FunctionJson>().AddSingleton<CodeDownload>().AddSingleton<LambdaModel>()
            .AddSingleton<IRestOperations, FunctionEndpoints>().AddSingleton<IRestOperations, AliasEndpoints>().AddSingleton<IRestOperations, PermissionEndpoints>()
            .AddSingleton<IRestOperations, ConcurrencyEndpoints>().AddSingleton<IRestOperations, EventInvokeEndpoints>().AddSingleton<IRestOperations, UrlEndpoints>()
            .AddSingleton<IRestOperations, EventSourceEndpoints>().AddSingleton<IRestOperations, LayerEndpoints>().AddSingleton<IRestOperations, CodeSigningEndpoints>()
            .AddSingleton<IRestOperations, RuntimeSettingsEndpoints>()
            .AddSingleton<ILogsOperations, GroupOperations>().AddSingleton<ILogsOperations, StreamOperations>().AddSingleton<ILogsOperations, EventOperations>()
            .AddSingleton<IQueryOperations, StsOperations>().AddSingleton<IQueryOperations, RoleOperations>().AddSingleton<IQueryOperations, PolicyOperations>()
            .AddSingleton<RestRoutes>().AddSingleton<LogsApi>().AddSingleton<QueryApi>().AddSingleton<RestApi>()
            .AddSingleton<FunctionMessages>().AddSingleton<FunctionsApi>().AddSingleton<OperationsApi>().AddSingleton<EventsApi>().AddSingleton<KeysApi>().AddSingleton<RoutesApi>();
        builder.Services.AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = MaxGrpcMessageBytes;
            grpc.MaxSendMessageSize = null;
            grpc.Interceptors.Add<GrpcErrors>();
            grpc.Interceptors.Add<SocketOnly>();
        });
        // Named one by one: finding them by reflection, as AddGrpcReflection does, does not survive trimming.
        Google.Protobuf.Reflection.ServiceDescriptor[] described = [Contracts.V1.Functions.Descriptor, Operations.Descriptor, Events.Descriptor, Keys.Descriptor, Contracts.V1.Routes.Descriptor, AgentLink.Descriptor];
        builder.Services.AddSingleton(new ReflectionServiceImpl(described)).AddSingleton(new ReflectionV1ServiceImpl(described));

        WebApplication app = builder.Build();
        // The listeners keep the two apart: HTTP/2 is gRPC, HTTP/1.1 is Lambda's REST API.
        app.Use((http, next) => HttpProtocol.IsHttp2(http.Request.Protocol) ? next(http) : app.Services.GetRequiredService<RestApi>().HandleAsync(http));
        app.UseRouting();
        app.MapGrpcService<FunctionsApi>();
        app.MapGrpcService<OperationsApi>();
        app.MapGrpcService<EventsApi>();
        app.MapGrpcService<KeysApi>();
        app.MapGrpcService<RoutesApi>();
        app.MapGrpcService<AgentLinkService>();
        app.MapGrpcService<ReflectionServiceImpl>();
        app.MapGrpcService<ReflectionV1ServiceImpl>();
        // Made now: the queue so that what is stored is tried even when no agent brings anything new; the registry so that a connected agent hears of the first change, the database so that the container closes it.
        app.Services.GetRequiredService<Database>();
        blobs.IsUsed = app.Services.GetRequiredService<FunctionService>().IsUsed;
        blobs.Sweep(blobs.IsUsed);
        app.Services.GetRequiredService<EventQueue>().Start();
        AgentRegistry agents = app.Services.GetRequiredService<AgentRegistry>();
        app.Lifetime.ApplicationStopping.Register(() => agents.CloseAll("the control plane is stopping"));
        return app;
    }

    private static void Listen(KestrelServerOptions kestrel, ServerOptions options, DataDirectory data)
    {
        kestrel.AddServerHeader = false;
        // RequestBody bounds bodies itself, with AWS's message.
        kestrel.Limits.MaxRequestBodySize = null;
        // A dead agent or client is noticed within half a minute even when its machine vanished.
        kestrel.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
        kestrel.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
        kestrel.ListenUnixSocket(data.RestSocket, o => o.Protocols = HttpProtocols.Http1);
        kestrel.ListenUnixSocket(data.GrpcSocket, o => o.Protocols = HttpProtocols.Http2);
        if (options.GrpcPort is { } grpc)
            kestrel.Listen(System.Net.IPAddress.Loopback, grpc, o => o.Protocols = HttpProtocols.Http2);
        if (options.RestPort is { } rest)
            kestrel.Listen(System.Net.IPAddress.Loopback, rest, o => o.Protocols = HttpProtocols.Http1);
    }

    private static EventQueue OpenQueue(string path, QueueSettings settings, IServiceProvider services)
    {
        try
        {
            return new EventQueue(
                path, services.GetRequiredService<FunctionStore>(), services.GetRequiredService<FunctionAddress>(), services.GetRequiredService<IEventPolicies>(),
                settings, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<EventQueue>>());
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException)
        {
            throw new StartException($"{path}: {e.Message}");
        }
    }

    private static Database Open(string path) => Open(path, static p => new Database(p));

    private static LogFile OpenLogs(string path, int maxMb) => Open(path, p => new LogFile(p, (long)maxMb << 20));

    private static T Open<T>(string path, Func<string, T> open)
    {
        try
        {
            return open(path);
        }
        catch (Exception e) when (e is SqliteException or InvalidDataException)
        {
            throw new StartException($"{path}: {e.Message}");
        }
    }
}
