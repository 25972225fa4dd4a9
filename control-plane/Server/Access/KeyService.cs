using System.Security.Cryptography;
using Hearth.Contracts;
using Hearth.Contracts.Access;
using Hearth.Contracts.V1;

namespace Hearth.ControlPlane.Access;

/// <summary>Rules of access keys. Their ids and secrets look as AWS's do, which some tools insist on.</summary>
public sealed class KeyService(KeyStore store, TimeProvider time)
{
    public const int MaxKeys = 1_000;

    private const string Prefix = "AKIA";
    private const int IdRandomLength = 16;
    private const string IdLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

    /// <summary>40 characters of base64.</summary>
    private const int SecretBytes = 30;

    public bool Any => !store.Current.IsEmpty;

    public IReadOnlyList<KeyDefinition> List() => [.. store.Current.Values.OrderBy(k => k.Created).ThenBy(k => k.Id, StringComparer.Ordinal)];

    /// <returns>The key, and whether it is the first: from then on every request must be signed.</returns>
    /// <exception cref="LambdaException">A role, name or function that cannot be.</exception>
    public (KeyDefinition Key, bool IsFirst) Create(AccessRole role, string name, IReadOnlyList<string> functions)
    {
        if (role is not (AccessRole.Admin or AccessRole.Deploy or AccessRole.Invoke))
            throw new LambdaException(LambdaError.InvalidParameterValue("A key has one of the roles admin, deploy and invoke."));
        if (name.Length > 0 && !CallerIdentity.IsName(name))
            throw new LambdaException(LambdaError.InvalidParameterValue($"A key's name has 1 to {CallerIdentity.MaxNameLength} letters, digits and +=,.@_-"));
        if (functions.Count > 0 && role != AccessRole.Invoke)
            throw new LambdaException(LambdaError.InvalidParameterValue("Only a key of role invoke can be limited to functions."));
        if (functions.Count > CallerIdentity.MaxFunctions)
            throw new LambdaException(LambdaError.InvalidParameterValue($"A key can be limited to at most {CallerIdentity.MaxFunctions} functions; for more, leave the limit out or make several keys."));
        if (functions.FirstOrDefault(f => !FunctionName.IsPlainName(f)) is { } bad)
            throw new LambdaException(LambdaError.InvalidParameterValue($"'{(bad.Length > FunctionName.MaxNameLength ? bad[..FunctionName.MaxNameLength] : bad)}' is not a function's name: give it without qualifier and not as an ARN."));
        string id = Prefix + RandomNumberGenerator.GetString(IdLetters, IdRandomLength);
        bool isFirst = false;
        KeyDefinition made = new(
            id, Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes)), role, name.Length > 0 ? name : id, [.. functions.Distinct(StringComparer.Ordinal)], IsEnabled: true, time.GetUtcNow());
        store.Change(id, (_, all) =>
        {
            if (all.Count >= MaxKeys)
                throw new LambdaException(LambdaError.ResourceConflict($"There are {MaxKeys} keys already; remove some first."));
            isFirst = all.IsEmpty;
            return made;
        });
        return (made, isFirst);
    }

    public KeyDefinition SetEnabled(string id, bool enabled) => store.Change(id, (key, _) =>
        key is null ? throw NotFound(id) : key.IsEnabled == enabled ? key : key with { IsEnabled = enabled })!;

    /// <param name="allowLast">Without any the node serves its own machine only, and unsigned: that is to be said.</param>
    /// <returns>How many are left.</returns>
    /// <exception cref="LambdaException">There is no such key, or it is the last one.</exception>
    public int Remove(string id, bool allowLast)
    {
        store.Change(id, (key, all) => key is null ? throw NotFound(id) : all.Count == 1 && !allowLast ? throw new LambdaException(LambdaError.LastKey(id)) : null);
        return store.Current.Count;
    }

    private static LambdaException NotFound(string id) =>
        new(LambdaError.ResourceNotFound($"No access key has the id '{(id.Length > 128 ? id[..128] : id)}'"));
}
