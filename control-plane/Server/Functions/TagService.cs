using Hearth.Contracts;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Functions;

/// <summary>Tags of functions.</summary>
public sealed class TagService(FunctionStore store, FunctionService functions, FunctionAddress address)
{
    public IReadOnlyDictionary<string, string> Get(string arn) => functions.Entry(Name(arn)).Latest.Tags;

    /// <summary>Tags that are there already get the new value.</summary>
    public void Add(string arn, IReadOnlyDictionary<string, string> tags) => Change(arn, before =>
    {
        var all = new Dictionary<string, string>(before, StringComparer.Ordinal);
        foreach ((string key, string value) in tags)
            all[key] = value;
        SettingsRules.CheckTags(all);
        return all;
    });

    public void Remove(string arn, IReadOnlyList<string> keys) => Change(arn, before => before.Where(t => !keys.Contains(t.Key)).ToDictionary(StringComparer.Ordinal));

    private void Change(string arn, Func<IReadOnlyDictionary<string, string>, IReadOnlyDictionary<string, string>> change)
    {
        FunctionName name = Name(arn);
        store.Change(name.Name, before =>
        {
            FunctionEntry entry = before ?? throw address.NotFound(name);
            return entry with { Latest = entry.Latest with { Tags = change(entry.Latest.Tags) } };
        });
    }

    private FunctionName Name(string arn)
    {
        FunctionName name = address.Parse(arn, null);
        return name.Qualifier is null
            ? name
            : throw new LambdaException(LambdaError.InvalidParameterValue("Tags on function aliases and versions are not supported. Please specify a function ARN."));
    }
}
