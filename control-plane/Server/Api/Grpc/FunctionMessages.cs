using Hearth.Contracts.V1;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Runtimes;

namespace Hearth.ControlPlane.Api.Grpc;

/// <summary>Definitions as messages, and messages as input.</summary>
public sealed class FunctionMessages(FunctionAddress address, RuntimeCatalogue runtimes)
{
    public Function Of(FunctionDefinition f)
    {
        var settings = new FunctionSettings
        {
            FunctionName = f.Name,
            Runtime = f.Runtime,
            Handler = f.Handler,
            Role = f.Role,
            Description = f.Description,
            TimeoutSeconds = f.TimeoutSeconds,
            MemoryMb = f.MemoryMb,
            EphemeralStorageMb = f.EphemeralStorageMb,
        };
        settings.Architectures.Add(f.Architecture);
        foreach ((string key, string value) in f.Environment ?? new Dictionary<string, string>())
            settings.Environment[key] = value;
        return new Function
        {
            Settings = settings,
            FunctionArn = address.Arn(f.Name),
            Version = f.Version,
            CodeSha256 = f.CodeSha256Base64,
            CodeSize = f.CodeSize,
            LastModified = f.LastModifiedText,
            RevisionId = f.RevisionId,
            State = f.Status.State,
            StateReason = f.Status.Reason ?? "",
            StateReasonCode = f.Status.ReasonCode ?? "",
            LastUpdateStatus = f.Status.LastUpdate ?? "",
            ResolvedRuntime = runtimes.Resolve(f.Runtime, f.Language),
        };
    }

    /// <summary>proto3 cannot tell an empty string from none: both are "not given".</summary>
    public static SettingsInput InputOf(FunctionSettings s) => new()
    {
        FunctionName = Given(s.FunctionName),
        Runtime = Given(s.Runtime),
        Handler = Given(s.Handler),
        Role = Given(s.Role),
        Description = Given(s.Description),
        TimeoutSeconds = s.HasTimeoutSeconds ? s.TimeoutSeconds : null,
        MemoryMb = s.HasMemoryMb ? s.MemoryMb : null,
        EphemeralStorageMb = s.HasEphemeralStorageMb ? s.EphemeralStorageMb : null,
        Environment = s.Environment.Count > 0 ? new Dictionary<string, string>(s.Environment, StringComparer.Ordinal) : null,
        Architectures = s.Architectures.Count > 0 ? [.. s.Architectures] : null,
        AllowLanguageAsRuntime = true,
    };

    public static string? Given(string text) => text.Length == 0 ? null : text;
}
