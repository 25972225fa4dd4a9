using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Hearth.Contracts;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;
using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Layers;

/// <summary>All layer versions: read from an immutable snapshot without a lock, changed one at a time, on disk before anyone sees the change.</summary>
public sealed class LayerStore
{
    /// <summary>Of one function (Lambda's quota).</summary>
    public const int MaxPerFunction = 5;

    private static readonly RowTable<LayerVersion> Rows = new(
        "layer_versions",
        ["layer", "version", "description", "license", "runtimes", "architectures", "code_sha256", "code_size", "unzipped_size", "created", "policy_revision", "policy"], 2,
        l =>
        [
            l.Layer, l.Version, l.Description, l.License, string.Join(',', l.Runtimes), string.Join(',', l.Architectures), l.CodeSha256, l.CodeSize, l.UnzippedSize,
            l.Created.ToUnixTimeMilliseconds(), l.Policy?.RevisionId, StatementJson.Write(l.Policy?.Statements ?? []),
        ],
        r => new LayerVersion
        {
            Layer = r.GetString(0),
            Version = r.GetInt64(1),
            Description = r.GetString(2),
            License = r.Text(3),
            Runtimes = Split(r.GetString(4)),
            Architectures = Split(r.GetString(5)),
            CodeSha256 = r.GetString(6),
            CodeSize = r.GetInt64(7),
            UnzippedSize = r.GetInt64(8),
            Created = r.Time(9),
            Policy = r.Text(10) is { } revision ? new PolicyDefinition(r.GetString(0), r.GetInt64(1).ToString(CultureInfo.InvariantCulture), revision, StatementJson.Read(r.GetFieldValue<byte[]>(11))) : null,
        });

    private static readonly RowTable<LayerName> Names = new(
        "layers", ["name", "next_version"], 1, n => [n.Name, n.NextVersion], r => new LayerName(r.GetString(0), r.GetInt64(1)));

    private readonly Database _database;
    private readonly FunctionAddress _address;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, LayerName> _names;
    private ImmutableSortedDictionary<string, ImmutableSortedDictionary<long, LayerVersion>> _current;

    public LayerStore(Database database, FunctionAddress address)
    {
        _database = database;
        _address = address;
        _names = database.Read(Names.ReadAll).ToDictionary(n => n.Name, StringComparer.Ordinal);
        _current = database.Read(Rows.ReadAll).GroupBy(l => l.Layer).ToImmutableSortedDictionary(
            g => g.Key, g => g.ToImmutableSortedDictionary(l => l.Version, l => l), StringComparer.Ordinal);
    }

    /// <summary>Versions by layer; a layer without versions is not in it.</summary>
    public ImmutableSortedDictionary<string, ImmutableSortedDictionary<long, LayerVersion>> Current => Volatile.Read(ref _current);

    public bool IsUsed(string sha256) => Current.Values.Any(versions => versions.Values.Any(l => l.CodeSha256 == sha256));

    /// <summary>Adds a version under the next number; numbers of deleted ones are not used again.</summary>
    public LayerVersion Add(LayerVersion draft)
    {
        lock (_lock)
        {
            LayerName name = _names.GetValueOrDefault(draft.Layer) ?? new LayerName(draft.Layer, 1);
            LayerVersion added = draft with { Version = name.NextVersion };
            LayerName next = name with { NextVersion = name.NextVersion + 1 };
            _database.Write((connection, transaction) =>
            {
                Names.Upsert(connection, transaction, next);
                Rows.Upsert(connection, transaction, added);
                return 0;
            });
            _names[draft.Layer] = next;
            var versions = _current.GetValueOrDefault(draft.Layer) ?? ImmutableSortedDictionary<long, LayerVersion>.Empty;
            Volatile.Write(ref _current, _current.SetItem(draft.Layer, versions.Add(added.Version, added)));
            return added;
        }
    }

    /// <summary>Replaces or (null result) deletes one version.</summary>
    /// <param name="change">Gets the version, or null; may throw to refuse.</param>
    public void Change(string layer, long version, Func<LayerVersion?, LayerVersion?> change)
    {
        lock (_lock)
        {
            LayerVersion? before = _current.GetValueOrDefault(layer)?.GetValueOrDefault(version);
            LayerVersion? after = change(before);
            if (ReferenceEquals(before, after))
                return;
            _database.Write((connection, transaction) =>
            {
                if (after is null)
                    Rows.Delete(connection, transaction, before!);
                else
                    Rows.Upsert(connection, transaction, after);
                return 0;
            });
            var versions = after is null ? _current[layer].Remove(version) : _current[layer].SetItem(version, after);
            Volatile.Write(ref _current, versions.IsEmpty ? _current.Remove(layer) : _current.SetItem(layer, versions));
        }
    }

    /// <summary>Layers for a function, from their ARNs.</summary>
    /// <exception cref="LambdaException">Too many, two of one layer, or one that does not exist here.</exception>
    public IReadOnlyList<LayerUse> Resolve(IReadOnlyList<string> arns)
    {
        if (arns.Count > MaxPerFunction)
            throw new LambdaException(LambdaError.InvalidParameterValue($"Cannot reference more than {MaxPerFunction} layers."));
        var uses = new List<LayerUse>(arns.Count);
        var layers = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string arn in arns)
        {
            LayerVersion? layer = LayerArn.TryParse(arn) is { Version: { } number } parsed && parsed.Region == _address.Region && parsed.Account == _address.Account
                ? Current.GetValueOrDefault(parsed.Name)?.GetValueOrDefault(number)
                : null;
            if (layer is null)
                throw new LambdaException(LambdaError.InvalidParameterValue($"Layer version {arn} does not exist."));
            if (!layers.TryAdd(layer.Layer, arn))
            {
                throw new LambdaException(LambdaError.InvalidParameterValue(layers[layer.Layer] == arn
                    ? $"Two identical layer versions are not allowed to be referenced in the same function: {arn}."
                    : $"Two different versions of the same layer are not allowed to be referenced in the same function. {layers[layer.Layer]} and {arn} versions are referenced."));
            }

            uses.Add(new LayerUse(arn, layer.CodeSha256, layer.CodeSize, layer.UnzippedSize));
        }

        return uses;
    }

    private static string[] Split(string list) => list.Length == 0 ? [] : list.Split(',');

    private sealed record LayerName(string Name, long NextVersion);
}
