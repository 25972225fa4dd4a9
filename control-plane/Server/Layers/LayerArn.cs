using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Layers;

/// <summary>A layer as a client names it: its name, <c>arn:aws:lambda:REGION:ACCOUNT:layer:NAME</c>, or that with a version.</summary>
/// <param name="Region">Null when only the name was given.</param>
/// <param name="Version">Null when none was given.</param>
public readonly record struct LayerArn(string Name, string? Region, string? Account, long? Version)
{
    /// <summary>Null when the text is none of the three.</summary>
    public static LayerArn? TryParse(string text)
    {
        string[] parts = text.Split(':');
        switch (parts)
        {
            case [var name] when name.Length is > 0 and <= 140:
                return new LayerArn(name, null, null, null);
            case ["arn", _, "lambda", var region, var account, "layer", var name]:
                return new LayerArn(name, region, account, null);
            case ["arn", _, "lambda", var region, var account, "layer", var name, var version] when VersionRules.Parse(version) is { } number:
                return new LayerArn(name, region, account, number);
            default:
                return null;
        }
    }
}
