using Hearth.Contracts;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Functions;

/// <summary>Function URLs: the definitions, one for the function and one for each alias.</summary>
public sealed class UrlService(FunctionStore store, FunctionService functions, FunctionAddress address, TimeProvider time)
{
    private const int IdLength = 32;

    public const string Buffered = "BUFFERED";

    /// <param name="cors">JSON, or null.</param>
    public FunctionUrl Create(FunctionName name, string authType, string? cors, string? invokeMode)
    {
        FunctionUrl? made = null;
        store.Change(name.Name, before =>
        {
            (FunctionEntry entry, string qualifier) = Target(before, name);
            if (entry.Urls.ContainsKey(qualifier))
            {
                throw new LambdaException(LambdaError.ResourceConflict(
                    $"Failed to create function url config for [functionArn = {address.Arn(entry.Name, name.Qualifier)}]. Error message:  FunctionUrlConfig exists for this Lambda function"));
            }

            DateTimeOffset now = time.GetUtcNow();
            made = new FunctionUrl(entry.Name, qualifier, RandomText.Of(IdLength), authType, cors, invokeMode ?? Buffered, now, now);
            return entry with { Urls = entry.Urls.Add(qualifier, made) };
        });
        return made!;
    }

    public FunctionUrl Get(FunctionName name) =>
        store.Current.GetValueOrDefault(name.Name)?.Urls.GetValueOrDefault(Qualifier(name)) ?? throw Missing();

    /// <summary>What is not given stays.</summary>
    public FunctionUrl Update(FunctionName name, string? authType, string? cors, string? invokeMode)
    {
        FunctionUrl? updated = null;
        store.Change(name.Name, before =>
        {
            (FunctionEntry entry, string qualifier) = Target(before, name);
            FunctionUrl old = entry.Urls.GetValueOrDefault(qualifier) ?? throw Missing();
            updated = old with { AuthType = authType ?? old.AuthType, Cors = cors ?? old.Cors, InvokeMode = invokeMode ?? old.InvokeMode, LastModified = time.GetUtcNow() };
            return entry with { Urls = entry.Urls.SetItem(qualifier, updated) };
        });
        return updated!;
    }

    public void Delete(FunctionName name) => store.Change(name.Name, before =>
    {
        (FunctionEntry entry, string qualifier) = Target(before, name);
        return entry.Urls.ContainsKey(qualifier) ? entry with { Urls = entry.Urls.Remove(qualifier) } : throw Missing();
    });

    public Page<FunctionUrl> List(FunctionName name, int? maxItems, string? marker) =>
        Paging.Of(functions.Entry(name).Urls.Values, u => " " + u.Qualifier, maxItems, marker);

    private static (FunctionEntry Entry, string Qualifier) Target(FunctionEntry? entry, FunctionName name)
    {
        string qualifier = Qualifier(name);
        if (entry is null || (qualifier.Length > 0 && !entry.Aliases.ContainsKey(qualifier)))
            throw new LambdaException(LambdaError.ResourceNotFound("Function does not exist"));
        return (entry, qualifier);
    }

    private static string Qualifier(FunctionName name) => name.Qualifier is null or FunctionName.Latest ? "" : name.Qualifier;

    private static LambdaException Missing() => new(LambdaError.ResourceNotFound("The resource you requested does not exist."));
}
