namespace Hearth.ControlPlane.Hosting;

internal static class SoftwareVersion
{
    public static string Text { get; } = typeof(SoftwareVersion).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";
}
