using System.Globalization;
using Hearth.Contracts;
using Hearth.Contracts.Archives;
using Hearth.ControlPlane.Hosting;
using Hearth.ControlPlane.Layers;
using Hearth.ControlPlane.Runtimes;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Functions;

/// <summary>
/// What can be done with functions, for both adapters alike. Methods throw <see cref="LambdaException"/> to refuse. An update is accepted at any time, also
/// while an earlier one is still being prepared: the newest revision wins, where AWS would answer 409 and a node without its agent could not be repaired.
/// </summary>
public sealed class FunctionService(
    FunctionStore store, BlobStore blobs, LayerStore layers, CodeSigningService signing, FunctionAddress address, RuntimeCatalogue runtimes, ServerOptions options, TimeProvider time)
{
    /// <summary>Checks a create or deploy before its zip is read.</summary>
    /// <param name="mayExist">True for a deploy.</param>
    public FunctionDefinition Draft(SettingsInput input, bool mayExist)
    {
        FunctionName name = address.Parse(input.FunctionName, null);
        if (name.Qualifier is not null)
            throw new LambdaException(LambdaError.InvalidParameterValue($"A function is created under its name alone; leave out ':{name.Qualifier}'."));
        FunctionDefinition draft = FunctionDraft.New(name.Name, input, options.Account);
        runtimes.RequireInstalled(draft.Runtime, draft.Language);
        if (!mayExist && store.Current.ContainsKey(draft.Name))
            throw new LambdaException(LambdaError.FunctionExists(draft.Name));
        return draft with { Layers = layers.Resolve(input.Layers ?? []) };
    }

    /// <param name="publish">Version 1 is made at once, and returned.</param>
    /// <param name="signingConfig">ARN of a code signing configuration, or null.</param>
    public FunctionDefinition Create(FunctionDefinition draft, BlobUpload zip, bool publish, string? signingConfig, CancellationToken cancellationToken)
    {
        signing.CheckDeployment(signingConfig);
        zip.Seal(cancellationToken);
        FunctionDefinition made = Stamp(draft, zip);
        store.Change(draft.Name, before =>
        {
            if (before is not null)
                throw new LambdaException(LambdaError.FunctionExists(draft.Name));
            // Again, now that no layer can go meanwhile.
            made = WithLayers(made, [.. draft.Layers.Select(l => l.Arn)]);
            var entry = new FunctionEntry { Latest = made, CodeSigningConfigArn = signingConfig };
            return publish ? VersionRules.Publish(entry, null, time.GetUtcNow(), out made) : entry;
        });
        return made;
    }

    /// <summary>Creates, or replaces code and settings; what a deploy cannot name (layers, dead letters, tracing, tags) stays.</summary>
    public FunctionDefinition Deploy(FunctionDefinition draft, BlobUpload zip, CancellationToken cancellationToken)
    {
        zip.Seal(cancellationToken);
        FunctionDefinition deployed = Stamp(draft, zip);
        return Replace(deployed.Name, before =>
        {
            signing.CheckDeployment(before?.CodeSigningConfigArn);
            if (before is null)
                return new FunctionEntry { Latest = deployed };
            FunctionDefinition replaced = deployed with
            {
                Status = before.Latest.Status.Updated(),
                Tags = before.Latest.Tags,
                Layers = before.Latest.Layers,
                DeadLetterTargetArn = before.Latest.DeadLetterTargetArn,
                TracingMode = before.Latest.TracingMode,
            };
            CheckSizes(replaced);
            return before with { Latest = replaced };
        }).Latest;
    }

    public FunctionDefinition Get(FunctionName name) => Find(name).Definition;

    /// <summary>The function, and the version that the qualifier means: an alias leads to the version it points to.</summary>
    public (FunctionEntry Entry, FunctionDefinition Definition) Find(FunctionName name)
    {
        if (store.Current.TryGetValue(name.Name, out FunctionEntry? entry) && VersionOf(entry, name.Qualifier) is { } found)
            return (entry, found);
        throw address.NotFound(name);
    }

    /// <summary>The function whatever the qualifier says.</summary>
    public FunctionEntry Entry(FunctionName name) => store.Current.TryGetValue(name.Name, out FunctionEntry? entry) ? entry : throw address.NotFound(name with { Qualifier = null });

    /// <summary>Null when the function has no such version or alias.</summary>
    public static FunctionDefinition? VersionOf(FunctionEntry entry, string? qualifier)
    {
        if (qualifier is null or FunctionName.Latest)
            return entry.Latest;
        if (entry.Aliases.TryGetValue(qualifier, out AliasDefinition? alias))
            qualifier = alias.Version;
        if (qualifier == FunctionName.Latest)
            return entry.Latest;
        return VersionRules.Parse(qualifier) is { } number ? entry.Versions.GetValueOrDefault(number) : null;
    }

    /// <param name="everyVersion">Published versions too, each after its function's $LATEST.</param>
    public Page<FunctionDefinition> List(int? maxItems, string? marker, bool everyVersion = false) => everyVersion
        ? Paging.Of(store.Current.Values.SelectMany(e => e.All).OrderBy(ListKey, StringComparer.Ordinal), ListKey, maxItems, marker)
        : Paging.Of(store.Current.Values.Select(e => e.Latest), f => f.Name, maxItems, marker);

    /// <summary>$LATEST, then the published versions from the oldest.</summary>
    public Page<FunctionDefinition> ListVersions(FunctionName name, int? maxItems, string? marker) =>
        Paging.Of(Entry(name).All, ListKey, maxItems, marker);

    /// <param name="revisionId">Refused when it is not the current one; null = any.</param>
    /// <param name="architecture">Null = as it is.</param>
    public FunctionDefinition UpdateCode(
        FunctionName name, BlobUpload zip, string? revisionId, bool dryRun, bool publish, string? architecture, CancellationToken cancellationToken)
    {
        FunctionDefinition current = Get(name);
        if (dryRun)
        {
            CheckRevision(current, revisionId);
            zip.Verify(cancellationToken);
            return current with { CodeSha256 = zip.Sha256, CodeSize = zip.Size };
        }

        zip.Seal(cancellationToken);
        FunctionDefinition result = current;
        Replace(name.Name, before =>
        {
            FunctionEntry entry = Existing(before, name, revisionId);
            signing.CheckDeployment(entry.CodeSigningConfigArn);
            result = Stamp(entry.Latest, zip) with { Status = entry.Latest.Status.Updated(), Architecture = architecture ?? entry.Latest.Architecture };
            CheckSizes(result);
            entry = entry with { Latest = result };
            return publish ? VersionRules.Publish(entry, null, time.GetUtcNow(), out result) : entry;
        });
        return result;
    }

    public FunctionDefinition UpdateConfiguration(FunctionName name, SettingsInput input, string? revisionId)
    {
        FunctionDefinition draft = FunctionDraft.Change(Get(name), input);
        if (input.Runtime is not null)
            runtimes.RequireInstalled(draft.Runtime, draft.Language);
        return Replace(name.Name, before =>
        {
            FunctionEntry entry = Existing(before, name, revisionId);
            FunctionDefinition changed = FunctionDraft.Change(entry.Latest, input) with
            {
                RevisionId = NewRevision(),
                LastModified = time.GetUtcNow(),
                Status = entry.Latest.Status.Updated(),
            };
            return entry with { Latest = input.Layers is { } arns ? WithLayers(changed, arns) : changed };
        }).Latest;
    }

    /// <param name="codeSha256">Base64; refused when $LATEST has other code. Null = any.</param>
    public FunctionDefinition Publish(FunctionName name, string? codeSha256, string? description, string? revisionId)
    {
        FunctionDefinition? version = null;
        store.Change(name.Name, before =>
        {
            FunctionEntry entry = before ?? throw address.NotFound(name);
            if (!string.IsNullOrEmpty(codeSha256) && codeSha256 != entry.Latest.CodeSha256Base64)
            {
                throw new LambdaException(LambdaError.InvalidParameterValue(
                    $"CodeSHA256 ({codeSha256}) is different from current CodeSHA256 in $LATEST ({entry.Latest.CodeSha256Base64}). Please try again with the CodeSHA256 in $LATEST."));
            }

            CheckRevision(entry.Latest, revisionId);
            return VersionRules.Publish(entry, description, time.GetUtcNow(), out version);
        });
        return version!;
    }

    /// <summary>The function with all that is under its name, or one published version. One that does not exist is deleted already, as on AWS.</summary>
    public void Delete(FunctionName name)
    {
        if (name.Qualifier == FunctionName.Latest)
            throw new LambdaException(LambdaError.InvalidParameterValue("$LATEST version cannot be deleted without deleting the function."));
        List<string> maybeUnused = [];
        store.Change(name.Name, before =>
        {
            FunctionEntry entry = before ?? throw address.NotFound(name);
            if (name.Qualifier is null)
            {
                maybeUnused.AddRange(entry.All.SelectMany(HashesOf));
                return null;
            }

            if (VersionRules.Parse(name.Qualifier) is not { } number)
                throw new LambdaException(LambdaError.InvalidParameterValue("Deletion of aliases is not currently supported."));
            if (!entry.Versions.TryGetValue(number, out FunctionDefinition? version))
                return entry;
            string[] users = [.. entry.Aliases.Values.Where(a => a.Version == version.Version || a.AdditionalVersion == version.Version).Select(a => a.Name)];
            if (users.Length > 0)
                throw new LambdaException(LambdaError.ResourceConflict($"Unable to delete version because the following aliases reference it: [{string.Join(", ", users)}]"));
            maybeUnused.AddRange(HashesOf(version));
            return entry with
            {
                Versions = entry.Versions.Remove(number),
                Policies = entry.Policies.Remove(version.Version),
                Provisioned = entry.Provisioned.Remove(version.Version),
                EventInvoke = entry.EventInvoke.Remove(version.Version),
                RuntimeManagement = entry.RuntimeManagement.Remove(version.Version),
            };
        });
        foreach (string hash in maybeUnused.Distinct())
            blobs.RemoveUnless(hash, IsUsed);
    }

    /// <summary>An agent holds the code of this revision, or cannot. Reports on revisions that were replaced meanwhile change nothing.</summary>
    /// <param name="error">Null or one line.</param>
    public void AgentReported(string name, string revisionId, string? error) => store.Change(name, before =>
    {
        if (before?.All.FirstOrDefault(f => f.RevisionId == revisionId) is not { } reported)
            return before;
        FunctionStatus after = reported.Status.Reported(error);
        if (after == reported.Status)
            return before;
        FunctionDefinition changed = reported with { Status = after };
        return VersionRules.Parse(changed.Version) is { } number
            ? before with { Versions = before.Versions.SetItem(number, changed) }
            : before with { Latest = changed };
    });

    public bool IsUsed(string sha256) => store.Current.Values.Any(e => e.All.Any(f => HashesOf(f).Contains(sha256))) || layers.IsUsed(sha256);

    private static string ListKey(FunctionDefinition f) =>
        $"{f.Name} {(VersionRules.Parse(f.Version) ?? 0).ToString("D19", CultureInfo.InvariantCulture)}";

    private static IEnumerable<string> HashesOf(FunctionDefinition f) => f.Layers.Select(l => l.Sha256).Prepend(f.CodeSha256);

    private FunctionEntry Replace(string name, Func<FunctionEntry?, FunctionEntry> change)
    {
        List<string> old = [];
        FunctionEntry after = store.Change(name, before =>
        {
            old = before is null ? [] : [.. HashesOf(before.Latest)];
            return change(before);
        })!;
        foreach (string hash in old.Except(HashesOf(after.Latest)))
            blobs.RemoveUnless(hash, IsUsed);
        return after;
    }

    private FunctionEntry Existing(FunctionEntry? function, FunctionName name, string? revisionId)
    {
        FunctionEntry existing = function ?? throw address.NotFound(name);
        CheckRevision(existing.Latest, revisionId);
        return existing;
    }

    private static void CheckRevision(FunctionDefinition function, string? revisionId)
    {
        if (!string.IsNullOrEmpty(revisionId) && revisionId != function.RevisionId)
            throw new LambdaException(LambdaError.RevisionMismatch());
    }

    private FunctionDefinition WithLayers(FunctionDefinition function, IReadOnlyList<string> arns)
    {
        FunctionDefinition changed = function with { Layers = layers.Resolve(arns) };
        CheckSizes(changed);
        return changed;
    }

    private static void CheckSizes(FunctionDefinition f)
    {
        long size = f.UnzippedSize + f.Layers.Sum(l => l.UnzippedSize);
        if (f.Layers.Count > 0 && size > CodeArchiveLimits.MaxUnzippedBytes)
        {
            throw new LambdaException(LambdaError.InvalidParameterValue(
                $"Function code combined with layers exceeds the maximum allowed size of {CodeArchiveLimits.MaxUnzippedBytes} bytes. The actual size is {size} bytes."));
        }
    }

    private FunctionDefinition Stamp(FunctionDefinition function, BlobUpload zip) => function with
    {
        CodeSha256 = zip.Sha256,
        CodeSize = zip.Size,
        UnzippedSize = zip.UnzippedSize,
        RevisionId = NewRevision(),
        LastModified = time.GetUtcNow(),
    };

    private static string NewRevision() => Guid.NewGuid().ToString();
}
