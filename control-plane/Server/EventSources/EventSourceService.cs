using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Hearth.Contracts;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.EventSources;

/// <summary>Event source mappings: definitions and state. Nothing polls the sources yet, and a mapping's LastProcessingResult says so.</summary>
public sealed class EventSourceService
{
    private static readonly RowTable<EventSourceMapping> Rows = new(
        "event_source_mappings", ["uuid", "function", "qualifier", "source_arn", "enabled", "settings", "last_modified"], 1,
        m => [m.Uuid, m.Function, m.Qualifier, m.SourceArn, m.Enabled ? 1 : 0, m.Settings, m.LastModified.ToUnixTimeMilliseconds()],
        r => new EventSourceMapping(r.GetString(0), r.GetString(1), r.Text(2), r.Text(3), r.GetInt32(4) != 0, r.GetString(5), r.Time(6)));

    private readonly Database _database;
    private readonly FunctionStore _functions;
    private readonly FunctionAddress _address;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private ImmutableSortedDictionary<string, EventSourceMapping> _current;

    public EventSourceService(Database database, FunctionStore functions, FunctionAddress address, TimeProvider time)
    {
        _database = database;
        _functions = functions;
        _address = address;
        _time = time;
        _current = database.Read(Rows.ReadAll).ToImmutableSortedDictionary(m => m.Uuid, m => m, StringComparer.Ordinal);
    }

    /// <param name="settings">Members as they came, without those that have parameters of their own.</param>
    public EventSourceMapping Create(FunctionName name, string? sourceArn, bool enabled, JsonObject settings)
    {
        RequireFunction(name);
        SourceRules.CheckNew(sourceArn, settings);
        lock (_lock)
        {
            if (sourceArn is not null && _current.Values.FirstOrDefault(m => m.SourceArn == sourceArn && m.Function == name.Name && m.Qualifier == name.Qualifier) is { } twin)
            {
                throw new LambdaException(LambdaError.ResourceConflict(
                    $"The event source arn (\" {sourceArn} \") and function (\" {name.Name} \") provided mapping already exists. Please update or delete the existing mapping with UUID {twin.Uuid}"));
            }

            SourceRules.AddDefaults(sourceArn, settings);
            return Put(new EventSourceMapping(Guid.NewGuid().ToString(), name.Name, name.Qualifier, sourceArn, enabled, settings.ToJsonString(), _time.GetUtcNow()));
        }
    }

    public EventSourceMapping Get(string uuid) => Volatile.Read(ref _current).GetValueOrDefault(uuid)
        ?? throw new LambdaException(LambdaError.ResourceNotFound("The resource you requested does not exist."));

    /// <param name="function">Null = of all functions.</param>
    /// <param name="sourceArn">Null = of all sources.</param>
    public Page<EventSourceMapping> List(FunctionName? function, string? sourceArn, int? maxItems, string? marker) => Paging.Of(
        Volatile.Read(ref _current).Values.Where(m => (function is not { } f || (m.Function == f.Name && (f.Qualifier is null || m.Qualifier == f.Qualifier)))
            && (sourceArn is null || m.SourceArn == sourceArn)),
        m => m.Uuid, maxItems, marker, maxSize: 100);

    /// <summary>What is not given stays.</summary>
    public EventSourceMapping Update(string uuid, FunctionName? name, bool? enabled, JsonObject settings)
    {
        if (name is { } given)
            RequireFunction(given);
        lock (_lock)
        {
            EventSourceMapping before = Get(uuid);
            JsonObject merged = before.Members;
            foreach ((string key, JsonNode? value) in settings)
                merged[key] = value?.DeepClone();
            SourceRules.CheckRanges(before.SourceArn, merged);
            return Put(before with
            {
                Function = name?.Name ?? before.Function,
                Qualifier = name is { } moved ? moved.Qualifier : before.Qualifier,
                Enabled = enabled ?? before.Enabled,
                Settings = merged.ToJsonString(),
                LastModified = _time.GetUtcNow(),
            });
        }
    }

    public EventSourceMapping Delete(string uuid)
    {
        lock (_lock)
        {
            EventSourceMapping mapping = Get(uuid);
            _database.Write((connection, transaction) =>
            {
                Rows.Delete(connection, transaction, mapping);
                return 0;
            });
            Volatile.Write(ref _current, _current.Remove(uuid));
            return mapping;
        }
    }

    private void RequireFunction(FunctionName name)
    {
        if (!_functions.Current.TryGetValue(name.Name, out FunctionEntry? entry) || FunctionService.VersionOf(entry, name.Qualifier) is null)
            throw new LambdaException(LambdaError.InvalidParameterValue($"Function does not exist: {_address.Arn(name.Name, name.Qualifier)}"));
    }

    private EventSourceMapping Put(EventSourceMapping mapping)
    {
        _database.Write((connection, transaction) =>
        {
            Rows.Upsert(connection, transaction, mapping);
            return 0;
        });
        Volatile.Write(ref _current, _current.SetItem(mapping.Uuid, mapping));
        return mapping;
    }
}
