using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using Hearth.Agent.Functions;
using Hearth.Contracts;
using Hearth.Contracts.Access;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Ingress.Signatures;

/// <summary>Signature Version 4 against the access keys of this node; without keys, the local mode's rules.</summary>
internal sealed class RequestSignatures : IRequestSignatures
{
    /// <summary>As AWS's services other than S3.</summary>
    private static readonly TimeSpan Skew = TimeSpan.FromMinutes(5);

    private readonly TimeProvider _time;
    private KeyRing? _ring;

    public RequestSignatures(Account account, TimeProvider time)
    {
        _time = time;
        account.Changed += settings => Volatile.Write(ref _ring, new KeyRing(settings));
        if (account.Current is { } current)
            _ring = new KeyRing(current);
    }

    public KeyRing? Ring => Volatile.Read(ref _ring);

    /// <summary>
    /// Reads the signature and finds its key, before anything of the body is read. Who it says that it is, it only is once <see cref="SignedRequest.Refusal"/> was asked
    /// with the body's hash.
    /// </summary>
    /// <returns>Null in local mode, where requests need no signature.</returns>
    /// <exception cref="LambdaException">There is none, it cannot be right, this node does not know its keys yet, or, in local mode, the request may not be one of this machine's.</exception>
    public SignedRequest? Begin(HttpRequest request)
    {
        var ring = Ring ?? throw new LambdaException(NotKnown());
        if (ring.IsEmpty)
        {
            // Here and with the same ring: looked at before, the last key could go in between.
            RequireLocal(request);
            return null;
        }
        return Find(ring, request, out var signed) is { } refusal ? throw new LambdaException(refusal) : signed;
    }

    /// <summary>For what needs no signature: without keys it is served to this machine only.</summary>
    /// <exception cref="LambdaException">The request may not be one of this machine's.</exception>
    public void RequireLocalWithoutKeys(HttpRequest request)
    {
        if (Ring is not { IsEmpty: false })
            RequireLocal(request);
    }

    public HeadOutcome CheckHead(HttpRequest request)
    {
        if (Ring is not { } ring)
            return new HeadOutcome(false, NotKnown());
        if (ring.IsEmpty)
            return new HeadOutcome(true, CheckLocal(request, out _));
        var refusal = Find(ring, request, out var signed);
        return new HeadOutcome(signed?.IsProved ?? false, refusal);
    }

    public SignatureOutcome Check(HttpRequest request, ReadOnlySpan<byte> bodySha256, string? action = null, string? function = null)
    {
        if (Ring is not { } ring)
            return new SignatureOutcome(null, NotKnown());
        if (ring.IsEmpty)
        {
            return CheckLocal(request, out var claimed) is { } unsigned
                ? new SignatureOutcome(null, unsigned)
                : new SignatureOutcome(Of(claimed!.KeyId, CallerIdentity.Local(ring.Account), ring), null);
        }
        var refusal = Find(ring, request, out var signed) ?? signed!.Refusal(bodySha256);
        if (refusal is null && action is not null && !signed!.Caller.May(action, function))
            refusal = LambdaError.NotAuthorized(signed.Caller.Arn(ring.Account), action, FunctionArn.Of(ring.Region, ring.Account, function ?? "*", null));
        return refusal is null ? new SignatureOutcome(Of(signed!.Caller.KeyId, signed.Caller, ring), null) : new SignatureOutcome(null, refusal);
    }

    private static void RequireLocal(HttpRequest request)
    {
        if (LocalModeGuard.Check(request) is { } refusal)
            throw new LambdaException(refusal);
    }

    /// <summary>There is nothing to check against: whoever signs in local mode is the account, as long as it is somebody of this machine, no proxy and no web page.</summary>
    private static LambdaError? CheckLocal(HttpRequest request, out Authorization? claimed)
    {
        claimed = null;
        var isLocal = (request.HttpContext.Connection.LocalIpAddress is not { } local || IPAddress.IsLoopback(local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local))
            && request.Headers.Origin.Count == 0 && (request.Headers["Sec-Fetch-Site"] is { Count: 0 } or ["none"]) && LocalModeGuard.ProxyHeader(request) is null;
        return isLocal
            ? Authorization.TryRead(request, out claimed)
            : LambdaError.AccessDenied("Signatures cannot be checked while no access keys exist: only programs of this machine are taken at their word.");
    }

    private static Principal Of(string accessKey, CallerIdentity caller, KeyRing ring) => new(accessKey, ring.Account, caller.Arn(ring.Account), caller.KeyId);

    private static LambdaError NotKnown() => LambdaError.Service("This node has just started and does not know its access keys yet; try again.", 503);

    private LambdaError? Find(KeyRing ring, HttpRequest request, out SignedRequest? signed)
    {
        signed = null;
        if (Authorization.TryRead(request, out var authorization) is { } unreadable)
            return unreadable;
        // Keys of this node are long-lived ones, which have no token.
        if (ring.Find(authorization!.KeyId) is not { } key || request.Headers.ContainsKey("X-Amz-Security-Token") || request.Query.ContainsKey("X-Amz-Security-Token"))
            return LambdaError.UnrecognizedClient();
        if (CheckTime(authorization) is { } untimely)
            return untimely;
        if (CanonicalRequest.FindUnsigned(request, authorization) is { } unsigned)
            return unsigned;
        if (BodyHash.Read(request, out var announced) is { } unsupported)
            return unsupported;
        signed = new SignedRequest(request, authorization, key, announced, ring);
        return signed.RefusalOfHead();
    }

    private LambdaError? CheckTime(Authorization authorization)
    {
        var now = _time.GetUtcNow();
        if (authorization.SignedAt > now + Skew)
            return LambdaError.InvalidSignature($"Signature not yet current: {authorization.Time} is still later than {Text(now + Skew)} ({Text(now)} + {Skew.TotalMinutes} min.)");
        if (authorization.Lifetime is { } lifetime)
        {
            return authorization.SignedAt + lifetime < now
                ? LambdaError.InvalidSignature($"Signature expired: {Text(authorization.SignedAt + lifetime)} is now earlier than {Text(now)}")
                : null;
        }
        return authorization.SignedAt < now - Skew
            ? LambdaError.InvalidSignature($"Signature expired: {authorization.Time} is now earlier than {Text(now - Skew)} ({Text(now)} - {Skew.TotalMinutes} min.)")
            : null;
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString(Authorization.TimeFormat, CultureInfo.InvariantCulture);
}
