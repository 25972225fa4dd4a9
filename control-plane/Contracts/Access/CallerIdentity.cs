using Hearth.Contracts.V1;

namespace Hearth.Contracts.Access;

/// <summary>Who makes a request, and what for: an access key, or everybody on the machine while no keys exist.</summary>
/// <param name="KeyId">The account's id for the local principal, as AWS has it for an account's root.</param>
/// <param name="Functions">Of role INVOKE: only these; none = all.</param>
public sealed record CallerIdentity(string KeyId, string Name, AccessRole Role, IReadOnlyList<string> Functions)
{
    /// <summary>
    /// How an agent tells the control plane who signed what it passes on: <c>ID;ROLE;NAME;FUNCTION:FUNCTION…</c>, or <see cref="LocalText"/>. It replaces what a client has sent under
    /// this name. A request that has it not exactly once is nobody's: only links to code, which carry a proof of their own, are served so.
    /// </summary>
    public const string Header = "X-Hearth-Caller";

    /// <summary>Set by an agent on a request whose signature it cannot check before it has the body's end: whoever gathers that body gathers it, so far, for nobody known.</summary>
    public const string UnprovedHeader = "X-Hearth-Unproved";

    /// <summary>While no access keys exist: everybody on the agent's machine. Once they do, it is refused: the agent that says so has not heard of them.</summary>
    public const string LocalText = "local";

    public const int MaxNameLength = 64;

    public const int MaxFunctions = 100;

    private static readonly System.Buffers.SearchValues<char> s_nameCharacters =
        System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+=,.@_-");

    public static CallerIdentity Of(AccessKey key) => new(key.KeyId, key.Name, key.Role, [.. key.Functions]);

    public static CallerIdentity Local(string account) => new(account, "", AccessRole.Admin, []);

    /// <summary>Characters of an IAM user's name.</summary>
    public static bool IsName(string name) => name.Length is > 0 and <= MaxNameLength && !name.AsSpan().ContainsAnyExcept(s_nameCharacters);

    /// <summary>As IAM names users; the account's root for the local principal.</summary>
    public string Arn(string account) => Name.Length == 0 ? $"arn:aws:iam::{account}:root" : $"arn:aws:iam::{account}:user/{Name}";

    /// <param name="action">As IAM names it: <c>lambda:InvokeFunction</c>.</param>
    /// <param name="function">The function that it is about; null for none.</param>
    public bool May(string action, string? function) => Role switch
    {
        AccessRole.Admin => true,
        // Roles and policies are kept for the tools that make them before a function; nothing is granted by them here.
        AccessRole.Deploy => Starts(action, "lambda:") || Starts(action, "logs:") || Starts(action, "iam:") || Starts(action, "sts:GetCallerIdentity"),
        AccessRole.Invoke => Starts(action, "sts:GetCallerIdentity")
            || ((Starts(action, "lambda:Invoke") || Starts(action, "lambda:GetFunction") || Starts(action, "lambda:List")) && (Functions.Count == 0 || (function is not null && Functions.Contains(function)))),
        _ => false,
    };

    /// <summary>Of a key. One without a name is nobody to <see cref="FromHeader"/>, and never the local principal.</summary>
    public string ToHeader() => string.Join(';', KeyId, ((int)Role).ToString(System.Globalization.CultureInfo.InvariantCulture), Name, string.Join(':', Functions));

    /// <param name="account">Whose the local principal is.</param>
    /// <returns>Null when it is not one of ours.</returns>
    public static CallerIdentity? FromHeader(string text, string account)
    {
        if (text == LocalText)
            return Local(account);
        string[] parts = text.Split(';');
        if (parts.Length != 4 || !IsName(parts[2]) || !int.TryParse(parts[1], System.Globalization.NumberStyles.None, null, out int role) || !Enum.IsDefined((AccessRole)role))
            return null;
        return new CallerIdentity(parts[0], parts[2], (AccessRole)role, parts[3].Length == 0 ? [] : parts[3].Split(':'));
    }

    private static bool Starts(string action, string prefix) => action.StartsWith(prefix, StringComparison.Ordinal);
}
