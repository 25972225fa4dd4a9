using Hearth.ControlPlane.Functions;
using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Store;

/// <summary>What lies under a function's name, as rows.</summary>
internal static class FunctionRows
{
    private static readonly string[] DefinitionColumns =
    [
        "runtime", "language", "handler", "role", "description", "timeout_seconds", "memory_mb", "ephemeral_storage_mb", "environment", "tags", "architecture",
        "code_sha256", "code_size", "revision_id", "last_modified_unix_ms", "state", "state_reason", "state_reason_code", "last_update", "last_update_reason",
        "last_update_reason_code", "unzipped_size", "layers", "dead_letter_target", "tracing_mode", "published_from",
    ];

    /// <summary>$LATEST, with what belongs to the function as a whole.</summary>
    public static readonly RowTable<FunctionEntry> Functions = new(
        "functions", ["name", .. DefinitionColumns, "next_version", "reserved_concurrency", "code_signing_config_arn", "recursive_loop"], 1,
        e => [e.Name, .. Values(e.Latest), e.NextVersion, e.ReservedConcurrency, e.CodeSigningConfigArn, e.RecursiveLoop],
        r =>
        {
            int own = 1 + DefinitionColumns.Length;
            return new FunctionEntry
            {
                Latest = Read(r, r.GetString(0), 1),
                NextVersion = r.GetInt64(own),
                ReservedConcurrency = r.Number(own + 1),
                CodeSigningConfigArn = r.Text(own + 2),
                RecursiveLoop = r.GetString(own + 3),
            };
        });

    public static readonly RowTable<FunctionDefinition> Versions = new(
        "function_versions", ["name", "version", .. DefinitionColumns], 2,
        f => [f.Name, long.Parse(f.Version, System.Globalization.CultureInfo.InvariantCulture), .. Values(f)],
        r => Read(r, r.GetString(0), 2) with { Version = r.GetInt64(1).ToString(System.Globalization.CultureInfo.InvariantCulture) });

    public static readonly RowTable<AliasDefinition> Aliases = new(
        "function_aliases", ["function", "name", "version", "description", "additional_version", "additional_weight", "revision_id"], 2,
        a => [a.Function, a.Name, a.Version, a.Description, a.AdditionalVersion, a.AdditionalWeight, a.RevisionId],
        r => new AliasDefinition(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.Text(4), r.GetDouble(5), r.GetString(6)));

    public static readonly RowTable<PolicyDefinition> Policies = new(
        "function_policies", ["function", "qualifier", "revision_id", "statements"], 2,
        p => [p.Function, p.Qualifier, p.RevisionId, StatementJson.Write(p.Statements)],
        r => new PolicyDefinition(r.GetString(0), r.GetString(1), r.GetString(2), StatementJson.Read(r.GetFieldValue<byte[]>(3))));

    public static readonly RowTable<ProvisionedConcurrency> Provisioned = new(
        "provisioned_concurrency", ["function", "qualifier", "requested", "last_modified"], 2,
        p => [p.Function, p.Qualifier, p.Requested, p.LastModified.ToUnixTimeMilliseconds()],
        r => new ProvisionedConcurrency(r.GetString(0), r.GetString(1), r.GetInt32(2), r.Time(3)));

    public static readonly RowTable<EventInvokeConfig> EventInvoke = new(
        "event_invoke_configs", ["function", "qualifier", "maximum_retry_attempts", "maximum_event_age", "on_success", "on_failure", "last_modified"], 2,
        c => [c.Function, c.Qualifier, c.MaximumRetryAttempts, c.MaximumEventAge, c.OnSuccess, c.OnFailure, c.LastModified.ToUnixTimeMilliseconds()],
        r => new EventInvokeConfig(r.GetString(0), r.GetString(1), r.Number(2), r.Number(3), r.Text(4), r.Text(5), r.Time(6)));

    public static readonly RowTable<FunctionUrl> Urls = new(
        "function_urls", ["function", "qualifier", "url_id", "auth_type", "cors", "invoke_mode", "created", "last_modified"], 2,
        u => [u.Function, u.Qualifier, u.UrlId, u.AuthType, u.Cors, u.InvokeMode, u.Created.ToUnixTimeMilliseconds(), u.LastModified.ToUnixTimeMilliseconds()],
        r => new FunctionUrl(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3), r.Text(4), r.GetString(5), r.Time(6), r.Time(7)));

    public static readonly RowTable<RuntimeManagement> RuntimeManagement = new(
        "runtime_management", ["function", "qualifier", "update_runtime_on", "runtime_version_arn"], 2,
        m => [m.Function, m.Qualifier, m.UpdateRuntimeOn, m.RuntimeVersionArn],
        r => new RuntimeManagement(r.GetString(0), r.GetString(1), r.GetString(2), r.Text(3)));

    private static object?[] Values(FunctionDefinition f) =>
    [
        f.Runtime, f.Language, f.Handler, f.Role, f.Description, f.TimeoutSeconds, f.MemoryMb, f.EphemeralStorageMb,
        f.Environment is null ? null : StringMap.ToJson(f.Environment), StringMap.ToJson(f.Tags), f.Architecture,
        f.CodeSha256, f.CodeSize, f.RevisionId, f.LastModified.ToUnixTimeMilliseconds(),
        f.Status.State, f.Status.Reason, f.Status.ReasonCode, f.Status.LastUpdate, f.Status.LastUpdateReason, f.Status.LastUpdateReasonCode,
        f.UnzippedSize, LayerJson.Write(f.Layers), f.DeadLetterTargetArn, f.TracingMode, f.PublishedFrom,
    ];

    /// <param name="at">Column of the runtime.</param>
    private static FunctionDefinition Read(SqliteDataReader r, string name, int at) => new()
    {
        Name = name,
        Runtime = r.GetString(at),
        Language = r.GetString(at + 1),
        Handler = r.GetString(at + 2),
        Role = r.GetString(at + 3),
        Description = r.GetString(at + 4),
        TimeoutSeconds = r.GetInt32(at + 5),
        MemoryMb = r.GetInt32(at + 6),
        EphemeralStorageMb = r.GetInt32(at + 7),
        Environment = r.IsDBNull(at + 8) ? null : StringMap.FromJson(r.GetFieldValue<byte[]>(at + 8)),
        Tags = StringMap.FromJson(r.GetFieldValue<byte[]>(at + 9)),
        Architecture = r.GetString(at + 10),
        CodeSha256 = r.GetString(at + 11),
        CodeSize = r.GetInt64(at + 12),
        RevisionId = r.GetString(at + 13),
        LastModified = r.Time(at + 14),
        Status = new FunctionStatus(r.GetString(at + 15), r.Text(at + 16), r.Text(at + 17), r.Text(at + 18), r.Text(at + 19), r.Text(at + 20)),
        UnzippedSize = r.GetInt64(at + 21),
        Layers = r.IsDBNull(at + 22) ? [] : LayerJson.Read(r.GetFieldValue<byte[]>(at + 22)),
        DeadLetterTargetArn = r.Text(at + 23),
        TracingMode = r.GetString(at + 24),
        PublishedFrom = r.Text(at + 25),
    };
}
