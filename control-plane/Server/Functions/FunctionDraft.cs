using Hearth.Contracts;
using Hearth.ControlPlane.Runtimes;

namespace Hearth.ControlPlane.Functions;

/// <summary>Turns checked input into a definition, with Lambda's defaults or on top of what is there.</summary>
internal static class FunctionDraft
{
    private const int DefaultTimeoutSeconds = 3;

    /// <exception cref="LambdaException"/>
    public static FunctionDefinition New(string name, SettingsInput input, string account)
    {
        SettingsRules.Check(input);
        if (input.Runtime is null || input.Handler is null)
            throw new LambdaException(LambdaError.InvalidParameterValue("Runtime and Handler are mandatory parameters for functions created with deployment packages."));
        return new FunctionDefinition
        {
            Name = name,
            Runtime = input.Runtime,
            Language = Language(input.Runtime, input.AllowLanguageAsRuntime),
            Handler = input.Handler,
            Role = input.Role ?? $"arn:aws:iam::{account}:role/hearth",
            Description = input.Description ?? "",
            TimeoutSeconds = input.TimeoutSeconds ?? DefaultTimeoutSeconds,
            MemoryMb = input.MemoryMb ?? SettingsRules.MinMemoryMb,
            EphemeralStorageMb = input.EphemeralStorageMb ?? SettingsRules.MinTmpMb,
            Environment = input.Environment,
            Tags = input.Tags ?? new Dictionary<string, string>(),
            Architecture = input.Architectures?[0] ?? "x86_64",
            DeadLetterTargetArn = string.IsNullOrEmpty(input.DeadLetterTargetArn) ? null : input.DeadLetterTargetArn,
            TracingMode = input.TracingMode ?? "PassThrough",
            CodeSha256 = "",
            CodeSize = 0,
            RevisionId = "",
            LastModified = default,
            Status = FunctionStatus.Created,
        };
    }

    /// <summary>Members not given stay as they are.</summary>
    /// <exception cref="LambdaException"/>
    public static FunctionDefinition Change(FunctionDefinition function, SettingsInput input)
    {
        SettingsRules.Check(input);
        string runtime = input.Runtime ?? function.Runtime;
        return function with
        {
            Runtime = runtime,
            Language = input.Runtime is null ? function.Language : Language(runtime, input.AllowLanguageAsRuntime),
            Handler = input.Handler ?? function.Handler,
            Role = input.Role ?? function.Role,
            Description = input.Description ?? function.Description,
            TimeoutSeconds = input.TimeoutSeconds ?? function.TimeoutSeconds,
            MemoryMb = input.MemoryMb ?? function.MemoryMb,
            EphemeralStorageMb = input.EphemeralStorageMb ?? function.EphemeralStorageMb,
            Environment = input.Environment ?? function.Environment,
            Architecture = input.Architectures?[0] ?? function.Architecture,
            DeadLetterTargetArn = input.DeadLetterTargetArn switch { null => function.DeadLetterTargetArn, "" => null, var target => target },
            TracingMode = input.TracingMode ?? function.TracingMode,
        };
    }

    private static string Language(string runtime, bool allowLanguage)
    {
        if (RuntimeIds.LanguageOf(runtime, allowLanguage) is { } language)
            return language;
        IEnumerable<string> known = RuntimeIds.All.Select(r => r.Id);
        if (allowLanguage)
            known = RuntimeIds.Languages.Concat(known);
        string shown = runtime.Length > 64 ? string.Concat(runtime.AsSpan(0, 64), "…") : runtime;
        throw new LambdaException(LambdaError.InvalidParameterValue(
            $"Value {shown} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: [{string.Join(", ", known.Distinct())}] or be a valid ARN"));
    }
}
