namespace Hearth.ControlPlane.Api.Rest.Model;

/// <summary>One operation of Lambda's API: where it lies and what it takes.</summary>
/// <param name="Input">Null for one that is known only to be refused by name.</param>
public sealed record Operation(string Name, string Method, string[] Template, string? Query, Shape? Input)
{
    /// <summary>True when some member travels in a JSON body.</summary>
    public bool HasBody { get; } = Input?.Members.Exists(m => m.Place == "body") == true;

    /// <summary>True when a member of the body is required.</summary>
    public bool NeedsBody { get; } = Input?.Members.Exists(m => m.Place == "body" && m.Required) == true;

    /// <summary>The path's variable segments by name, or null when the path is another operation's.</summary>
    public Dictionary<string, string>? Match(string[] parts)
    {
        if (parts.Length != Template.Length)
            return null;
        for (int i = 0; i < parts.Length; i++)
        {
            if (Template[i][0] != '{' && Template[i] != parts[i])
                return null;
        }

        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        for (int i = 0; i < parts.Length; i++)
        {
            if (Template[i][0] == '{')
                found[Template[i][1..^1]] = parts[i];
        }

        return found;
    }
}
