namespace Hearth.Cli.Functions;

/// <summary>Lambda's deployment package quotas; checked here too, so that nobody waits for an upload that must fail.</summary>
internal static class PackageLimits
{
    /// <summary>"Unzipped size must be smaller than 262144000 bytes".</summary>
    public const long UnzippedBytes = 262_144_000;

    /// <summary>"Zipped size must be smaller than 52428800 bytes".</summary>
    public const long ZippedBytes = 52_428_800;

    public const int Files = 65_000;

    public const int ChunkBytes = 256 << 10;
}
