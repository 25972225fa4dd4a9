using System.Collections.Frozen;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Functions;

/// <summary>What this agent may run: an immutable snapshot, swapped as a whole. Changes come from the agent link, one at a time.</summary>
internal sealed class Catalogue
{
    private readonly Lock _gate = new();
    private readonly ILogger _log;
    private readonly Func<double> _roll;
    private State _state = State.Empty;
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <param name="roll">Numbers from 0 up to 1 for aliases with weights; null = random ones.</param>
    public Catalogue(ILogger log, Func<double>? roll = null)
    {
        _log = log;
        _roll = roll ?? Random.Shared.NextDouble;
    }

    /// <summary>Completes when a snapshot has come, from disk or from the control plane.</summary>
    public Task Loaded => _loaded.Task;

    public bool IsLoaded => _loaded.Task.IsCompleted;

    public IReadOnlyCollection<FunctionRevision> Functions => Volatile.Read(ref _state).Functions.Values;

    /// <summary>Told after each change, in order, with the functions that are new or have a new revision, and the keys whose revision is gone.</summary>
    public event Action<IReadOnlyList<FunctionRevision>, IReadOnlyList<FunctionKey>>? Changed;

    /// <summary>Told the function's name and its reserved concurrency (-1 = none) when that changed.</summary>
    public event Action<string, int>? Reserved;

    /// <summary>Told, after the changes, of each version whose provisioned concurrency (0 = none) is another than before.</summary>
    public event Action<FunctionRevision, int>? Provisioned;

    /// <summary>Told last, when anything has changed.</summary>
    public event Action? Updated;

    /// <param name="version">"$LATEST" or a number.</param>
    public FunctionRevision? Find(string name, string version) => Volatile.Read(ref _state).Functions.GetValueOrDefault(new FunctionKey(name, version));

    /// <summary>What an invocation runs.</summary>
    /// <param name="qualifier">A version or an alias; null = $LATEST. An alias with weights is chosen from anew each time.</param>
    public FunctionRevision? Resolve(string name, string? qualifier)
    {
        var state = Volatile.Read(ref _state);
        var key = new FunctionKey(name, qualifier ?? FunctionName.Latest);
        if (state.Functions.TryGetValue(key, out var function))
            return function;
        return state.Aliases.TryGetValue(key, out var alias) ? state.Functions.GetValueOrDefault(key with { Version = alias.Choose(_roll()) }) : null;
    }

    /// <summary>A function URL by the first label of its host.</summary>
    public UrlSpec? FindUrl(string id) => Volatile.Read(ref _state).Urls.GetValueOrDefault(id);

    /// <summary>Routes of HTTP requests.</summary>
    public RouteMap Routes => Volatile.Read(ref _state).Routes;

    /// <summary>All of it, for the disk.</summary>
    public Snapshot ToSnapshot()
    {
        var state = Volatile.Read(ref _state);
        var snapshot = new Snapshot();
        snapshot.Functions.AddRange(state.Functions.Values.Select(static f => f.Spec));
        snapshot.Aliases.AddRange(state.Aliases.Values.Select(static a => a.Spec));
        snapshot.Urls.AddRange(state.Urls.Values);
        snapshot.Routes.AddRange(state.Routes.Specs);
        return snapshot;
    }

    public void Replace(Snapshot snapshot)
    {
        lock (_gate)
        {
            Swap(new Change([], [], snapshot.Functions, snapshot.Aliases, snapshot.Urls, new RouteMap(snapshot.Routes)));
            _loaded.TrySetResult();
        }
    }

    /// <summary>One function with all its versions and aliases.</summary>
    public void Upsert(FunctionSet set)
    {
        lock (_gate)
            Swap(Without(set.FunctionName) with { Specs = set.Versions, AliasSpecs = set.Aliases, Urls = [.. OtherUrls(set.FunctionName), .. set.Urls] });
    }

    public void Remove(string name)
    {
        lock (_gate)
            Swap(Without(name));
    }

    /// <summary>All routes, instead of those known.</summary>
    public void ReplaceRoutes(IReadOnlyList<RouteSpec> routes)
    {
        lock (_gate)
            Volatile.Write(ref _state, _state with { Routes = new RouteMap(routes) });
        Updated?.Invoke();
    }

    private static Dictionary<FunctionKey, T> Others<T>(FrozenDictionary<FunctionKey, T> all, string name) =>
        all.Where(x => x.Key.Name != name).ToDictionary();

    private IEnumerable<UrlSpec> OtherUrls(string name) => _state.Urls.Values.Where(u => u.FunctionName != name);

    private Change Without(string name) =>
        new(Others(_state.Functions, name), Others(_state.Aliases, name), [], [], [.. OtherUrls(name)], _state.Routes);

    private void Swap(in Change change)
    {
        var (functions, aliases, specs, routes, urls, map) = change;
        var before = _state;
        var reserved = before.Functions.Values.Where(static f => f.Version == FunctionName.Latest).ToDictionary(static f => f.Name, static f => f.Spec.ReservedConcurrency);
        var provisioned = before.Functions.Values.Where(static f => f.Spec.ProvisionedConcurrency > 0).ToDictionary(static f => f.Key, static f => f.Spec.ProvisionedConcurrency);
        foreach (var spec in specs)
            Put(functions, spec);
        foreach (var route in routes)
            aliases[new FunctionKey(route.FunctionName, route.Name)] = new AliasRoute(route);
        var byId = urls.DistinctBy(static u => u.UrlId).ToFrozenDictionary(static u => u.UrlId, StringComparer.OrdinalIgnoreCase);
        Volatile.Write(ref _state, new State(functions.ToFrozenDictionary(), aliases.ToFrozenDictionary(), byId, map));
        var fresh = functions.Values.Where(f => !before.Functions.TryGetValue(f.Key, out var old) || !ReferenceEquals(old, f)).ToList();
        var gone = before.Functions.Keys.Where(k => !functions.TryGetValue(k, out var now) || !ReferenceEquals(now, before.Functions[k])).ToList();
        var told = TellReserved(functions, reserved);
        if (fresh.Count + gone.Count > 0)
            Changed?.Invoke(fresh, gone);
        told |= TellProvisioned(functions, provisioned);
        if (told || fresh.Count + gone.Count > 0 || !Same(before.Aliases, aliases) || !Same(before.Urls, byId) || !ReferenceEquals(before.Routes, map))
            Updated?.Invoke();
    }

    private void Put(Dictionary<FunctionKey, FunctionRevision> functions, FunctionSpec spec)
    {
        var key = new FunctionKey(spec.FunctionName, spec.Version);
        try
        {
            // An unchanged revision keeps its object, and with it its warm instances.
            functions[key] = _state.Functions.TryGetValue(key, out var known) && known.TryAdopt(spec) ? known : new FunctionRevision(spec);
        }
        catch (ArgumentException e)
        {
            _log.LogError("Function {Name} cannot run here: {Cause}", spec.FunctionName, e.Message);
        }
    }

    // The reservation is the function's: it comes with $LATEST, which every function has.
    private bool TellReserved(Dictionary<FunctionKey, FunctionRevision> functions, Dictionary<string, int> before)
    {
        var told = false;
        foreach (var (key, function) in functions)
        {
            if (key.Version != FunctionName.Latest || (before.Remove(key.Name, out var old) && old == function.Spec.ReservedConcurrency))
                continue;
            told = true;
            Reserved?.Invoke(key.Name, function.Spec.ReservedConcurrency);
        }
        foreach (var name in before.Keys)
            Reserved?.Invoke(name, -1);
        return told || before.Count > 0;
    }

    private bool TellProvisioned(Dictionary<FunctionKey, FunctionRevision> functions, Dictionary<FunctionKey, int> before)
    {
        var told = false;
        foreach (var (key, function) in functions)
        {
            if (before.GetValueOrDefault(key) == function.Spec.ProvisionedConcurrency)
                continue;
            told = true;
            Provisioned?.Invoke(function, function.Spec.ProvisionedConcurrency);
        }
        return told;
    }

    private static bool Same(FrozenDictionary<FunctionKey, AliasRoute> before, Dictionary<FunctionKey, AliasRoute> after) =>
        before.Count == after.Count && after.All(x => before.TryGetValue(x.Key, out var old) && old.Spec.Equals(x.Value.Spec));

    private static bool Same(FrozenDictionary<string, UrlSpec> before, FrozenDictionary<string, UrlSpec> after) =>
        before.Count == after.Count && after.All(x => before.TryGetValue(x.Key, out var old) && old.Equals(x.Value));

    private sealed record State(
        FrozenDictionary<FunctionKey, FunctionRevision> Functions, FrozenDictionary<FunctionKey, AliasRoute> Aliases, FrozenDictionary<string, UrlSpec> Urls, RouteMap Routes)
    {
        public static State Empty { get; } = new(
            FrozenDictionary<FunctionKey, FunctionRevision>.Empty, FrozenDictionary<FunctionKey, AliasRoute>.Empty, FrozenDictionary<string, UrlSpec>.Empty, RouteMap.Empty);
    }

    /// <param name="Functions">That stay as they are.</param>
    /// <param name="Aliases">That stay as they are.</param>
    /// <param name="Specs">Of functions that are new or may have changed.</param>
    /// <param name="AliasSpecs">Likewise.</param>
    /// <param name="Urls">All there are.</param>
    private readonly record struct Change(
        Dictionary<FunctionKey, FunctionRevision> Functions, Dictionary<FunctionKey, AliasRoute> Aliases, IEnumerable<FunctionSpec> Specs, IEnumerable<AliasSpec> AliasSpecs,
        IReadOnlyList<UrlSpec> Urls, RouteMap Routes);
}
