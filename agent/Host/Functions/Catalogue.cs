using System.Collections.Frozen;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Functions;

/// <summary>What this agent may run: an immutable snapshot, swapped as a whole. Changes come from the agent link, one at a time.</summary>
internal sealed class Catalogue
{
    private readonly Lock _gate = new();
    private readonly ILogger _log;
    private FrozenDictionary<FunctionKey, FunctionRevision> _functions = FrozenDictionary<FunctionKey, FunctionRevision>.Empty;
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Catalogue(ILogger log) => _log = log;

    /// <summary>Completes when a snapshot has come, from disk or from the control plane.</summary>
    public Task Loaded => _loaded.Task;

    public bool IsLoaded => _loaded.Task.IsCompleted;

    public IReadOnlyCollection<FunctionRevision> Functions => Volatile.Read(ref _functions).Values;

    /// <summary>Told after each change, in order, with the functions that are new or have a new revision, and the keys whose revision is gone.</summary>
    public event Action<IReadOnlyList<FunctionRevision>, IReadOnlyList<FunctionKey>>? Changed;

    public FunctionRevision? Find(string name, string version) => Volatile.Read(ref _functions).GetValueOrDefault(new FunctionKey(name, version));

    public void Replace(IEnumerable<FunctionSpec> specs)
    {
        lock (_gate)
        {
            var next = new Dictionary<FunctionKey, FunctionRevision>();
            foreach (var spec in specs)
                Put(next, spec);
            Swap(next);
            _loaded.TrySetResult();
        }
    }

    public void Upsert(FunctionSpec spec)
    {
        lock (_gate)
        {
            var next = new Dictionary<FunctionKey, FunctionRevision>(_functions);
            Put(next, spec);
            Swap(next);
        }
    }

    public void Remove(string name, string version)
    {
        lock (_gate)
        {
            var next = new Dictionary<FunctionKey, FunctionRevision>(_functions);
            if (next.Remove(new FunctionKey(name, version)))
                Swap(next);
        }
    }

    private void Put(Dictionary<FunctionKey, FunctionRevision> functions, FunctionSpec spec)
    {
        var key = new FunctionKey(spec.FunctionName, spec.Version);
        try
        {
            // An unchanged revision keeps its object, and with it its warm instances.
            functions[key] = _functions.TryGetValue(key, out var known) && known.Spec.Equals(spec) ? known : new FunctionRevision(spec);
        }
        catch (ArgumentException e)
        {
            _log.LogError("Function {Name} cannot run here: {Cause}", spec.FunctionName, e.Message);
        }
    }

    private void Swap(Dictionary<FunctionKey, FunctionRevision> next)
    {
        var before = _functions;
        Volatile.Write(ref _functions, next.ToFrozenDictionary());
        var fresh = next.Values.Where(f => !before.TryGetValue(f.Key, out var old) || !ReferenceEquals(old, f)).ToList();
        var gone = before.Keys.Where(k => !next.TryGetValue(k, out var now) || !ReferenceEquals(now, before[k])).ToList();
        if (fresh.Count + gone.Count > 0)
            Changed?.Invoke(fresh, gone);
    }
}
