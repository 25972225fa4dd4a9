using Hearth.Contracts.V1;
using Hearth.ControlPlane.Access;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Routes;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Agents;

/// <summary>Definitions as agents need them.</summary>
public sealed class FunctionSpecs(FunctionStore store, RouteStore routes, FunctionAddress address, AccountSpec account)
{
    public ulong Changes => store.Changes;

    public ControlMessage Snapshot()
    {
        var snapshot = new Snapshot { Account = account.Current() };
        foreach (FunctionEntry entry in store.Current.Values)
        {
            snapshot.Functions.AddRange(entry.All.Select(f => Of(entry, f)));
            snapshot.Aliases.AddRange(entry.Aliases.Values.Select(Of));
            snapshot.Urls.AddRange(entry.Urls.Values.Select(Of));
        }

        snapshot.Routes.AddRange(routes.Current.Values.Select(Of));
        return new ControlMessage { Snapshot = snapshot };
    }

    public AccountSettings Account() => account.Current();

    /// <summary>The function as it is now, or that it is gone.</summary>
    public ControlMessage Change(string name)
    {
        if (!store.Current.TryGetValue(name, out FunctionEntry? entry))
            return new ControlMessage { Removed = new FunctionRemoved { FunctionName = name } };
        var set = new FunctionSet { FunctionName = name };
        set.Versions.AddRange(entry.All.Select(f => Of(entry, f)));
        set.Aliases.AddRange(entry.Aliases.Values.Select(Of));
        set.Urls.AddRange(entry.Urls.Values.Select(Of));
        return new ControlMessage { Upsert = set };
    }

    /// <summary>All routes as they are now.</summary>
    public ControlMessage RouteTable()
    {
        var table = new RouteTable();
        table.Routes.AddRange(routes.Current.Values.Select(Of));
        return new ControlMessage { Routes = table };
    }

    private static RouteSpec Of(RouteDefinition route) => new()
    {
        RouteId = route.Id,
        Host = route.Host,
        Method = route.Method,
        Path = route.Path,
        FunctionName = route.Function,
        Qualifier = route.Qualifier ?? "",
        Shape = route.Shape,
    };

    private static UrlSpec Of(FunctionUrl url)
    {
        var spec = new UrlSpec { FunctionName = url.Function, Qualifier = url.Qualifier, UrlId = url.UrlId, AuthType = url.AuthType, InvokeMode = url.InvokeMode };
        if (CorsRules.Read(url.Cors) is { } cors)
        {
            spec.Cors = new CorsSpec { AllowCredentials = cors.AllowCredentials, MaxAgeSeconds = cors.MaxAgeSeconds };
            spec.Cors.AllowHeaders.AddRange(cors.AllowHeaders);
            spec.Cors.AllowMethods.AddRange(cors.AllowMethods);
            spec.Cors.AllowOrigins.AddRange(cors.AllowOrigins);
            spec.Cors.ExposeHeaders.AddRange(cors.ExposeHeaders);
        }

        return spec;
    }

    private static AliasSpec Of(AliasDefinition alias) => new()
    {
        FunctionName = alias.Function,
        Name = alias.Name,
        FunctionVersion = alias.Version,
        AdditionalVersion = alias.AdditionalVersion ?? "",
        AdditionalWeight = alias.AdditionalWeight,
    };

    private FunctionSpec Of(FunctionEntry entry, FunctionDefinition f)
    {
        var spec = new FunctionSpec
        {
            FunctionName = f.Name,
            Version = f.Version,
            FunctionArn = address.Arn(f.Name),
            Runtime = f.Runtime,
            Language = f.Language,
            Handler = f.Handler,
            TimeoutSeconds = f.TimeoutSeconds,
            MemoryMb = f.MemoryMb,
            EphemeralStorageMb = f.EphemeralStorageMb,
            CodeSha256Hex = f.CodeSha256,
            CodeSize = f.CodeSize,
            RevisionId = f.RevisionId,
            ReservedConcurrency = entry.ReservedConcurrency ?? -1,
            ProvisionedConcurrency = entry.ProvisionedOf(f.Version),
        };
        foreach ((string key, string value) in f.Environment ?? new Dictionary<string, string>())
            spec.Environment[key] = value;
        spec.LayerSha256Hex.AddRange(f.Layers.Select(l => l.Sha256));
        return spec;
    }
}
