namespace Hearth.Cli.Node;

/// <summary>Fixed numeric users of a node; no account is made for them. ARCHITECTURE.md has the table.</summary>
internal static class Accounts
{
    public const uint Root = 0;

    public const uint Agent = 2_000_000_001;

    public const uint Control = 2_000_000_002;

    /// <summary>Owns the user namespaces of sandboxes; nothing runs as it on the host.</summary>
    public const uint Zygote = 2_000_000_003;
}
