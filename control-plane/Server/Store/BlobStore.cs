using Hearth.Contracts.Archives;
using Microsoft.Win32.SafeHandles;

namespace Hearth.ControlPlane.Store;

/// <summary>Zips by the SHA-256 of their bytes. A blob is durable before any definition names it; what no definition names is removed.</summary>
public sealed class BlobStore
{
    private readonly string _folder;
    private readonly Lock _lock = new();

    // Uploaded and not yet named by a definition: not garbage.
    private readonly Dictionary<string, int> _pinned = new(StringComparer.Ordinal);

    public BlobStore(string folder)
    {
        _folder = folder;
        if (Directory.Exists(Incoming))
            Directory.Delete(Incoming, recursive: true);
        Directory.CreateDirectory(Incoming);
    }

    /// <summary>Whether a definition names a blob. Null until there are definitions: nothing is taken for unused.</summary>
    public Func<string, bool>? IsUsed { get; set; }

    private string Incoming => Path.Join(_folder, ".incoming");

    /// <param name="maxBytes">Of the zip.</param>
    public BlobUpload Begin(long maxBytes = CodeArchiveLimits.MaxZippedBytes) => new(this, Path.Join(Incoming, Guid.NewGuid().ToString("N")), maxBytes);

    /// <summary>Null when there is no such blob. An open handle stays readable when the blob is removed meanwhile.</summary>
    /// <param name="sha256">Lower-case hex; anything else is no blob.</param>
    public SafeFileHandle? Open(string sha256)
    {
        if (!IsHash(sha256))
            return null;
        try
        {
            return File.OpenHandle(PathOf(sha256));
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Removes the blob unless an upload of the same bytes is about to use it.</summary>
    /// <param name="isUsed">Asked under the lock that keeps new uploads out.</param>
    public void RemoveUnless(string sha256, Func<string, bool> isUsed)
    {
        lock (_lock)
        {
            if (!_pinned.ContainsKey(sha256) && !isUsed(sha256))
                File.Delete(PathOf(sha256));
        }
    }

    /// <summary>Removes what a crash between storing a blob and naming it has left.</summary>
    public int Sweep(Func<string, bool> isUsed)
    {
        int removed = 0;
        foreach (string path in Directory.EnumerateFiles(_folder))
        {
            string name = Path.GetFileName(path);
            if (!IsHash(name) || isUsed(name))
                continue;
            RemoveUnless(name, isUsed);
            removed++;
        }

        return removed;
    }

    internal void Publish(string staged, string sha256)
    {
        lock (_lock)
        {
            _pinned[sha256] = _pinned.GetValueOrDefault(sha256) + 1;
            File.Move(staged, PathOf(sha256), overwrite: true);
            FileSync.Folder(_folder);
        }
    }

    /// <summary>An upload ends. What it stored goes again when no definition came to name it.</summary>
    internal void Unpin(string sha256)
    {
        lock (_lock)
        {
            if (--_pinned[sha256] > 0)
                return;
            _pinned.Remove(sha256);
            if (IsUsed is { } isUsed && !isUsed(sha256))
                File.Delete(PathOf(sha256));
        }
    }

    private string PathOf(string sha256) => Path.Join(_folder, sha256);

    private static bool IsHash(string text) => text.Length == 64 && text.All(c => char.IsAsciiDigit(c) || c is >= 'a' and <= 'f');
}
