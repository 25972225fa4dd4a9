using System.Collections.Immutable;

namespace Hearth.ControlPlane.Functions;

/// <summary>Everything under one function's name. It is changed in one step and deleted as one, so that nothing outlives its function.</summary>
public sealed record FunctionEntry
{
    public required FunctionDefinition Latest { get; init; }

    /// <summary>Published versions by number.</summary>
    public ImmutableSortedDictionary<long, FunctionDefinition> Versions { get; init; } = ImmutableSortedDictionary<long, FunctionDefinition>.Empty;

    /// <summary>Of the next version: numbers of deleted ones are not used again.</summary>
    public long NextVersion { get; init; } = 1;

    public ImmutableSortedDictionary<string, AliasDefinition> Aliases { get; init; } = Empty<AliasDefinition>();

    /// <summary>Null when none is reserved; 0 throttles every invocation.</summary>
    public int? ReservedConcurrency { get; init; }

    /// <summary>Null when none is attached.</summary>
    public string? CodeSigningConfigArn { get; init; }

    /// <summary>Allow or Terminate.</summary>
    public string RecursiveLoop { get; init; } = "Terminate";

    /// <summary>Resource policies by qualifier, "" for the function itself.</summary>
    public ImmutableSortedDictionary<string, PolicyDefinition> Policies { get; init; } = Empty<PolicyDefinition>();

    /// <summary>By version or alias.</summary>
    public ImmutableSortedDictionary<string, ProvisionedConcurrency> Provisioned { get; init; } = Empty<ProvisionedConcurrency>();

    /// <summary>By qualifier, "$LATEST" for the function itself.</summary>
    public ImmutableSortedDictionary<string, EventInvokeConfig> EventInvoke { get; init; } = Empty<EventInvokeConfig>();

    /// <summary>By alias, "" for the function itself.</summary>
    public ImmutableSortedDictionary<string, FunctionUrl> Urls { get; init; } = Empty<FunctionUrl>();

    /// <summary>By version, "$LATEST" for the unpublished one.</summary>
    public ImmutableSortedDictionary<string, RuntimeManagement> RuntimeManagement { get; init; } = Empty<RuntimeManagement>();

    public string Name => Latest.Name;

    /// <summary>$LATEST, then the published ones in order.</summary>
    public IEnumerable<FunctionDefinition> All => Versions.Values.Prepend(Latest);

    /// <summary>Instances of a version that are kept: by its own configuration, or by one of an alias that leads to it.</summary>
    public int ProvisionedOf(string version) => Provisioned.Values
        .Where(p => p.Qualifier == version || (Aliases.TryGetValue(p.Qualifier, out AliasDefinition? alias) && alias.Version == version))
        .Sum(p => p.Requested);

    private static ImmutableSortedDictionary<string, T> Empty<T>() => ImmutableSortedDictionary.Create<string, T>(StringComparer.Ordinal);
}

/// <param name="Version">"$LATEST" or a number.</param>
/// <param name="AdditionalVersion">Gets <paramref name="AdditionalWeight"/> (0-1) of the invocations; null when there is none.</param>
public sealed record AliasDefinition(
    string Function, string Name, string Version, string Description, string? AdditionalVersion, double AdditionalWeight, string RevisionId);

/// <param name="Statements">Ids and statements as JSON, in the order in which they were added.</param>
public sealed record PolicyDefinition(string Function, string Qualifier, string RevisionId, ImmutableList<PolicyStatement> Statements);

/// <param name="Json">The whole statement, its Sid included.</param>
public sealed record PolicyStatement(string Sid, string Json);

/// <summary>How far agents are with a configuration.</summary>
/// <param name="Allocated">Instances that are there or on their way.</param>
/// <param name="Available">Those that are initialised.</param>
/// <param name="HasFailed">The last try ended without one.</param>
public sealed record ProvisionedProgress(int Allocated, int Available, bool HasFailed);

public sealed record ProvisionedConcurrency(string Function, string Qualifier, int Requested, DateTimeOffset LastModified);

/// <param name="MaximumRetryAttempts">0-2; null = the default (2).</param>
/// <param name="MaximumEventAge">60-21,600 seconds; null = the default (21,600).</param>
/// <param name="OnSuccess">ARN of a destination.</param>
public sealed record EventInvokeConfig(
    string Function, string Qualifier, int? MaximumRetryAttempts, int? MaximumEventAge, string? OnSuccess, string? OnFailure, DateTimeOffset LastModified);

/// <param name="Qualifier">An alias, or "".</param>
/// <param name="UrlId">The host's first label.</param>
/// <param name="Cors">JSON, or null.</param>
public sealed record FunctionUrl(
    string Function, string Qualifier, string UrlId, string AuthType, string? Cors, string InvokeMode, DateTimeOffset Created, DateTimeOffset LastModified);

public sealed record RuntimeManagement(string Function, string Qualifier, string UpdateRuntimeOn, string? RuntimeVersionArn);
