namespace Hearth.Contracts.Archives;

/// <summary>Bounds of a deployment package. Sizes are Lambda's quotas; the counts are ours, far above real packages.</summary>
public static class CodeArchiveLimits
{
    /// <summary>In a request.</summary>
    public const long MaxZippedBytes = 52_428_800;

    /// <summary>From an S3-compatible store: what is larger than its contents may be is no package.</summary>
    public const long MaxStoredZipBytes = MaxUnzippedBytes;

    /// <summary>Counted on the bytes that really come out, whatever the headers claim.</summary>
    public const long MaxUnzippedBytes = 262_144_000;

    /// <summary>Files, links and folders together, folders that are only implied by a path included.</summary>
    public const int MaxNodes = 100_000;

    public const int MaxPathBytes = 1_024;

    /// <summary>NAME_MAX of every Linux file system in use.</summary>
    public const int MaxComponentBytes = 255;

    public const int MaxLinkTargetBytes = 1_024;
}
