namespace Hearth.ControlPlane.Tests.Adapters;

/// <summary>An answer, reduced to what both adapters say.</summary>
/// <param name="Code">"ok" or Lambda's name of the error.</param>
/// <param name="Text">The error's message, or a list of names.</param>
internal sealed record Outcome(string Code, string Text = "")
{
    public string Arn { get; init; } = "";

    public string Sha256 { get; init; } = "";

    public string Revision { get; init; } = "";

    public string State { get; init; } = "";

    public string LastUpdate { get; init; } = "";

    public int Timeout { get; init; }

    public int Memory { get; init; }

    public int Tmp { get; init; }

    public string NextMarker { get; init; } = "";
}
