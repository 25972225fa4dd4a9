using Hearth.Contracts;
using Hearth.ControlPlane.Hosting;
using Hearth.ControlPlane.Runtimes;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Functions;

/// <summary>
/// What can be done with functions, for both adapters alike. Methods throw <see cref="LambdaException"/> to refuse. An update is accepted at any time, also
/// while an earlier one is still being prepared: the newest revision wins, where AWS would answer 409 and a node without its agent could not be repaired.
/// </summary>
public sealed class FunctionService(FunctionStore store, BlobStore blobs, FunctionAddress address, RuntimeCatalogue runtimes, ServerOptions options, TimeProvider time)
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
        return draft;
    }

    public FunctionDefinition Create(FunctionDefinition draft, BlobUpload zip, CancellationToken cancellationToken)
    {
        zip.Seal(cancellationToken);
        FunctionDefinition created = Stamp(draft, zip);
        return store.Change(created.Name, before => before is null ? created : throw new LambdaException(LambdaError.FunctionExists(created.Name)))!;
    }

    public FunctionDefinition Deploy(FunctionDefinition draft, BlobUpload zip, CancellationToken cancellationToken)
    {
        zip.Seal(cancellationToken);
        FunctionDefinition deployed = Stamp(draft, zip);
        return Replace(deployed.Name, before => before is null ? deployed : deployed with { Status = before.Status.Updated(), Tags = before.Tags });
    }

    public FunctionDefinition Get(FunctionName name)
    {
        if (name.Qualifier is null or FunctionName.Latest && store.Current.TryGetValue(name.Name, out FunctionDefinition? function))
            return function;
        throw address.NotFound(name);
    }

    public FunctionPage List(int? maxItems, string? marker) => FunctionPage.Of(store.Current.Values, maxItems, marker);

    /// <param name="revisionId">Refused when it is not the current one; null = any.</param>
    public FunctionDefinition UpdateCode(FunctionName name, BlobUpload zip, string? revisionId, bool dryRun, CancellationToken cancellationToken)
    {
        FunctionDefinition current = Get(name);
        if (dryRun)
        {
            CheckRevision(current, revisionId);
            zip.Verify(cancellationToken);
            return current with { CodeSha256 = zip.Sha256, CodeSize = zip.Size };
        }

        zip.Seal(cancellationToken);
        return Replace(name.Name, before => Stamp(Existing(before, name, revisionId), zip) with { Status = before!.Status.Updated() });
    }

    public FunctionDefinition UpdateConfiguration(FunctionName name, SettingsInput input, string? revisionId)
    {
        FunctionDefinition draft = FunctionDraft.Change(Get(name), input);
        if (input.Runtime is not null)
            runtimes.RequireInstalled(draft.Runtime, draft.Language);
        return Replace(name.Name, before => FunctionDraft.Change(Existing(before, name, revisionId), input) with
        {
            RevisionId = NewRevision(),
            LastModified = time.GetUtcNow(),
            Status = before!.Status.Updated(),
        });
    }

    public void Delete(FunctionName name)
    {
        if (name.Qualifier == FunctionName.Latest)
            throw new LambdaException(LambdaError.InvalidParameterValue("$LATEST version cannot be deleted without deleting the function."));
        string? code = null;
        store.Change(name.Name, before =>
        {
            code = Existing(before, name, null).CodeSha256;
            return name.Qualifier is null ? null : throw address.NotFound(name);
        });
        blobs.RemoveUnless(code!, IsUsed);
    }

    /// <summary>An agent holds the code of this revision, or cannot. Reports on revisions that were replaced meanwhile change nothing.</summary>
    /// <param name="error">Null or one line.</param>
    public void AgentReported(string name, string revisionId, string? error) => store.Change(name, before =>
        before is null || before.RevisionId != revisionId || before.Status.Reported(error) is var after && after == before.Status
            ? before
            : before with { Status = after });

    public bool IsUsed(string sha256) => store.Current.Values.Any(f => f.CodeSha256 == sha256);

    private FunctionDefinition Replace(string name, Func<FunctionDefinition?, FunctionDefinition> change)
    {
        string? old = null;
        FunctionDefinition after = store.Change(name, before =>
        {
            old = before?.CodeSha256;
            return change(before);
        })!;
        if (old is not null && old != after.CodeSha256)
            blobs.RemoveUnless(old, IsUsed);
        return after;
    }

    private FunctionDefinition Existing(FunctionDefinition? function, FunctionName name, string? revisionId)
    {
        FunctionDefinition existing = function ?? throw address.NotFound(name);
        CheckRevision(existing, revisionId);
        return existing;
    }

    private static void CheckRevision(FunctionDefinition function, string? revisionId)
    {
        if (revisionId is not null && revisionId != function.RevisionId)
            throw new LambdaException(LambdaError.RevisionMismatch());
    }

    private FunctionDefinition Stamp(FunctionDefinition function, BlobUpload zip) => function with
    {
        CodeSha256 = zip.Sha256,
        CodeSize = zip.Size,
        RevisionId = NewRevision(),
        LastModified = time.GetUtcNow(),
    };

    private static string NewRevision() => Guid.NewGuid().ToString();
}
