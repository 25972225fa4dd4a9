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

    private readonly RowStore<EventSourceMapping> _mappings;
    private readonly FunctionStore _functions;
    private readonly FunctionAddress _address;
    private readonly TimeProvider _time;

    public EventSourceService(Database database, FunctionStore functions, FunctionAddress address, TimeProvider time)
    {
        _mappings = new RowStore<EventSourceMapping>(database, Rows, m => m.Uuid);
        _functions = functions;
        _address = address;
        _time = time;
    }

    /// <param name="settings">Members as they came, without those that have parameters of their own.</param>
    public EventSourceMapping Create(FunctionName name, string? sourceArn, bool enabled, JsonObject settings)
    {
        RequireFunction(name);
        SourceRules.CheckNew(sourceArn, settings);
        SourceRules.AddDefaults(sourceArn, settings);
        var made = new EventSourceMapping(Guid.NewGuid().ToString(), name.Name, name.Qualifier, sourceArn, enabled, settings.ToJsonString(), _time.GetUtcNow());
        return _mappings.Change(made.Uuid, (_, all) =>
        {
            if (sourceArn is not null && all.Values.FirstOrDefault(m => m.SourceArn == sourceArn && m.Function == name.Name && m.Qualifier == name.Qualifier) is { } twin)
            {
                throw new LambdaException(LambdaError.ResourceConflict(
                    $"The event source arn (\" {sourceArn} \") and function (\" {name.Name} \") provided mapping already exists. Please update or delete the existing mapping with UUID {twin.Uuid}"));
            }

            return made;
        })!;
    }

    public EventSourceMapping Get(string uuid) => _mappings.Current.GetValueOrDefault(uuid) ?? throw NotFound();

    /// <param name="function">Null = of all functions.</param>
    /// <param name="sourceArn">Null = of all sources.</param>
    public Page<EventSourceMapping> List(FunctionName? function, string? sourceArn, int? maxItems, string? marker) => Paging.Of(
        _mappings.Current.Values.Where(m => (function is not { } f || (m.Function == f.Name && (f.Qualifier is null || m.Qualifier == f.Qualifier)))
            && (sourceArn is null || m.SourceArn == sourceArn)),
        m => m.Uuid, maxItems, marker, maxSize: 100);

    /// <summary>What is not given stays.</summary>
    public EventSourceMapping Update(string uuid, FunctionName? name, bool? enabled, JsonObject settings)
    {
        if (name is { } given)
            RequireFunction(given);
        return _mappings.Change(uuid, (before, _) =>
        {
            JsonObject merged = (before ?? throw NotFound()).Members;
            foreach ((string key, JsonNode? value) in settings)
                merged[key] = value?.DeepClone();
            SourceRules.CheckRanges(before.SourceArn, merged);
            return before with
            {
                Function = name?.Name ?? before.Function,
                Qualifier = name is { } moved ? moved.Qualifier : before.Qualifier,
                Enabled = enabled ?? before.Enabled,
                Settings = merged.ToJsonString(),
                LastModified = _time.GetUtcNow(),
            };
        })!;
    }

    public EventSourceMapping Delete(string uuid)
    {
        EventSourceMapping? deleted = null;
        _mappings.Change(uuid, (before, _) =>
        {
            deleted = before ?? throw NotFound();
            return null;
        });
        return deleted!;
    }

    private void RequireFunction(FunctionName name)
    {
        if (!_functions.Current.TryGetValue(name.Name, out FunctionEntry? entry) || FunctionService.VersionOf(entry, name.Qualifier) is null)
            throw new LambdaException(LambdaError.InvalidParameterValue($"Function does not exist: {_address.Arn(name.Name, name.Qualifier)}"));
    }

    private static LambdaException NotFound() => new(LambdaError.ResourceNotFound("The resource you requested does not exist."));
}
