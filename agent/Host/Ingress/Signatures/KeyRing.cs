using System.Collections.Concurrent;
using System.Collections.Frozen;
using Hearth.Contracts.Access;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Ingress.Signatures;

/// <summary>The access keys as they are now. Immutable but for what is kept of past computations; replaced as a whole, and with it that.</summary>
internal sealed class KeyRing
{
    private readonly FrozenDictionary<string, RingKey> _keys;

    public KeyRing(AccountSettings settings)
    {
        Account = settings.AccountId.Length > 0 ? settings.AccountId : "000000000000";
        Region = settings.Region.Length > 0 ? settings.Region : "us-east-1";
        IsEmpty = settings.Keys.Count == 0;
        IEnumerable<AccessKey> usable = settings.Keys.Where(static k => !k.Disabled);
        if (settings.Control is { } control)
            usable = usable.Append(control);
        _keys = usable.DistinctBy(static k => k.KeyId).ToFrozenDictionary(static k => k.KeyId, static k => new RingKey(k), StringComparer.Ordinal);
    }

    /// <summary>No keys exist: local mode. A key that is disabled exists.</summary>
    public bool IsEmpty { get; }

    public string Account { get; }

    public string Region { get; }

    public RingKey? Find(string keyId) => _keys.GetValueOrDefault(keyId);
}

/// <summary>One key, and what it became for days, regions and services of late: four of the five hashes of a request.</summary>
internal sealed class RingKey(AccessKey key)
{
    /// <summary>Scopes; more are forgotten all at once. A client uses one or two a day.</summary>
    private const int MaxDerived = 64;

    private readonly ConcurrentDictionary<string, byte[]> _derived = new(StringComparer.Ordinal);

    public CallerIdentity Caller { get; } = CallerIdentity.Of(key);

    /// <returns>32 bytes.</returns>
    public byte[] Derive(Authorization authorization)
    {
        if (_derived.TryGetValue(authorization.Scope, out var known))
            return known;
        var derived = new byte[SigningKey.Length];
        SigningKey.Derive(key.Secret, authorization.Scope.AsSpan(0, authorization.Scope.IndexOf('/')), authorization.Region, authorization.Service, derived);
        return derived;
    }

    /// <summary>Only of a signature that was right: others could fill the memory with scopes of their invention.</summary>
    public void Keep(Authorization authorization, byte[] derived)
    {
        if (_derived.Count >= MaxDerived)
            _derived.Clear();
        _derived.TryAdd(authorization.Scope, derived);
    }
}
