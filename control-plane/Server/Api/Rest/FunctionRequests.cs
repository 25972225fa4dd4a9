using Hearth.Contracts;
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
    };

    /// <summary>Members that the service model requires of CreateFunction; reported together.</summary>
    public static void RequireForCreate(JsonMembers body)
    {
        var missing = new List<string>();
        foreach ((string member, string name) in new[] { ("FunctionName", "functionName"), ("Role", "role") })
        {
            if (body.Text(member) is null)
                missing.Add(LambdaError.Violation(null, name, "Member must not be null"));
        }

        if (body.Structure("Code") is null)
            missing.Add(LambdaError.Violation(null, "code", "Member must not be null"));
        if (missing.Count > 0)
            throw new LambdaException(LambdaError.Validation(missing));
    }

    public static byte[] Zip(JsonMembers code)
    {
        UnsupportedMembers.RefuseInCode(code);
        return code.Blob("ZipFile") ?? throw new LambdaException(LambdaError.InvalidParameterValue("Please provide a source for function code."));
    }
}
