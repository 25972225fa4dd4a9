using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>Request bodies as input of the application layer.</summary>
internal static class FunctionRequests
{
    public static SettingsInput Settings(JsonMembers body) => new()
    {
        FunctionName = body.Text("FunctionName"),
        Runtime = body.Text("Runtime"),
        Handler = body.Text("Handler"),
        Role = body.Text("Role"),
        Description = body.Text("Description"),
        TimeoutSeconds = body.Integer("Timeout"),
        MemoryMb = body.Integer("MemorySize"),
        EphemeralStorageMb = body.Structure("EphemeralStorage")?.Integer("Size"),
        // An empty Environment sets no variables, which on update clears them: so does Lambda.
        Environment = body.Structure("Environment") is { } environment ? environment.Map("Variables") ?? new Dictionary<string, string>() : null,
        Tags = body.Map("Tags"),
        Architectures = body.Texts("Architectures"),
        Layers = body.Texts("Layers"),
        // An empty structure takes the target away.
        DeadLetterTargetArn = body.Structure("DeadLetterConfig") is { } deadLetters ? deadLetters.Text("TargetArn") ?? "" : null,
        TracingMode = body.Structure("TracingConfig")?.Text("Mode"),
    };
}
