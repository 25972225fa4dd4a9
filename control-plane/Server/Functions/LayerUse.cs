namespace Hearth.ControlPlane.Functions;

/// <summary>A layer version as a function holds it: it stays usable when the layer version is deleted.</summary>
/// <param name="Arn">Of the version.</param>
/// <param name="Sha256">Lower-case hex of the zip's.</param>
/// <param name="CodeSize">Bytes of the zip.</param>
/// <param name="UnzippedSize">Bytes of its contents.</param>
public sealed record LayerUse(string Arn, string Sha256, long CodeSize, long UnzippedSize);
