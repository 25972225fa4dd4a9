using Hearth.Contracts;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Layers;

/// <summary>Layers: zips that functions have at /opt.</summary>
public sealed class LayerService(LayerStore layers, FunctionStore functions, BlobStore blobs, FunctionService code, FunctionAddress address, TimeProvider time)
{
    private const int MaxRuntimes = 15;

    public LayerVersion Publish(
        string layer, string? description, string? license, IReadOnlyList<string> runtimes, IReadOnlyList<string> architectures, BlobUpload zip, CancellationToken cancellationToken)
    {
        if (runtimes.Count > MaxRuntimes)
            throw new LambdaException(LambdaError.Validation($"[{string.Join(", ", runtimes.Take(MaxRuntimes))}, …]", "compatibleRuntimes", $"Member must have length less than or equal to {MaxRuntimes}"));
        string name = Name(layer);
        zip.Seal(cancellationToken);
        return layers.Add(new LayerVersion
        {
            Layer = name,
            Version = 0,
            Description = description ?? "",
            License = license,
            Runtimes = runtimes,
            Architectures = architectures,
            CodeSha256 = zip.Sha256,
            CodeSize = zip.Size,
            UnzippedSize = zip.UnzippedSize,
            Created = time.GetUtcNow(),
        });
    }

    public LayerVersion Get(string layer, long version) =>
        Find(layer, version) ?? throw new LambdaException(LambdaError.ResourceNotFound("The resource you requested does not exist."));

    /// <param name="arn">Of a version.</param>
    public LayerVersion GetByArn(string arn) => LayerArn.TryParse(arn) is { Version: { } version }
        ? Get(arn[..arn.LastIndexOf(':')], version)
        : throw new LambdaException(LambdaError.Validation(arn, "arn", "Member must satisfy regular expression pattern: arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+:[0-9]+"));

    /// <summary>The newest version of each layer that fits.</summary>
    public Page<LayerVersion> List(string? runtime, string? architecture, int? maxItems, string? marker) =>
        Paging.Of(layers.Current.Values.Select(v => v.Values.LastOrDefault(l => Fits(l, runtime, architecture))).OfType<LayerVersion>(), l => l.Layer, maxItems, marker);

    /// <summary>Newest first.</summary>
    public Page<LayerVersion> ListVersions(string layer, string? runtime, string? architecture, int? maxItems, string? marker) =>
        Paging.Of(
            (layers.Current.GetValueOrDefault(Name(layer))?.Values ?? []).Reverse().Where(l => Fits(l, runtime, architecture)),
            l => (long.MaxValue - l.Version).ToString("D19", System.Globalization.CultureInfo.InvariantCulture), maxItems, marker);

    /// <summary>Functions that have it keep it. One that does not exist is deleted already, as on AWS.</summary>
    public void Delete(string layer, long version)
    {
        string? hash = null;
        layers.Change(Name(layer), version, before =>
        {
            hash = before?.CodeSha256;
            return null;
        });
        if (hash is not null)
            functions.WhileUnchanged(() => blobs.RemoveUnless(hash, code.IsUsed));
    }

    public PolicyDefinition AddPermission(string layer, long version, PermissionInput input, string? organization, string? revisionId, out PolicyStatement statement)
    {
        PolicyDefinition? policy = null;
        PolicyStatement? added = null;
        PermissionInput full = input with { PrincipalOrgId = organization };
        layers.Change(Name(layer), version, before =>
        {
            LayerVersion existing = before ?? throw NoVersion(layer, version);
            CheckRevision(existing, revisionId);
            policy = PolicyRules.Add(existing.Policy, existing.Layer, VersionRules.Number(version), full, address.LayerArn(existing.Layer, version), out added);
            return existing with { Policy = policy };
        });
        statement = added!;
        return policy!;
    }

    public PolicyDefinition GetPolicy(string layer, long version) => (Find(layer, version) ?? throw NoVersion(layer, version)).Policy
        ?? throw new LambdaException(LambdaError.ResourceNotFound("No policy is associated with the given resource."));

    public void RemovePermission(string layer, long version, string sid, string? revisionId) => layers.Change(Name(layer), version, before =>
    {
        LayerVersion existing = before ?? throw NoVersion(layer, version);
        CheckRevision(existing, revisionId);
        return existing with { Policy = PolicyRules.Remove(existing.Policy, sid) };
    });

    private static bool Fits(LayerVersion layer, string? runtime, string? architecture) =>
        (runtime is null || layer.Runtimes.Contains(runtime)) && (architecture is null || layer.Architectures.Contains(architecture));

    private static void CheckRevision(LayerVersion layer, string? revisionId)
    {
        if (string.IsNullOrEmpty(revisionId) || revisionId == layer.Policy?.RevisionId)
            return;
        throw new LambdaException(new LambdaError(
            412, "PreconditionFailedException", "The RevisionId provided does not match the latest RevisionId. Call the GetLayerVersionPolicy API to retrieve the latest RevisionId",
            LambdaErrorBody.TypeAndLowerCaseMessage));
    }

    private LayerVersion? Find(string layer, long version) => layers.Current.GetValueOrDefault(Name(layer))?.GetValueOrDefault(version);

    private LambdaException NoVersion(string layer, long version) =>
        new(LambdaError.ResourceNotFound($"Layer version {address.LayerArn(Name(layer), version)} does not exist."));

    private string Name(string layer)
    {
        if (LayerArn.TryParse(layer) is not { } parsed)
            throw new LambdaException(LambdaError.Validation(layer, "layerName", "Member must satisfy regular expression pattern: (arn:[a-zA-Z0-9-]+:lambda:[a-zA-Z0-9-]+:\\d{12}:layer:[a-zA-Z0-9-_]+)|[a-zA-Z0-9-_]+"));
        if ((parsed.Region is { } region && region != address.Region) || (parsed.Account is { } account && account != address.Account))
            throw new LambdaException(LambdaError.ResourceNotFound("The resource you requested does not exist."));
        return parsed.Name;
    }
}
