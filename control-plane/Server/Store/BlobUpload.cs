using System.Security.Cryptography;
using Hearth.Contracts.Archives;
using Microsoft.Win32.SafeHandles;

namespace Hearth.ControlPlane.Store;

/// <summary>A zip on its way in: written to a private file, verified, made durable, then given its name. Disposed before a definition names it, it leaves nothing.</summary>
public sealed class BlobUpload : IDisposable
{
    private readonly BlobStore _store;
    private readonly string _path;
    private readonly long _maxBytes;
    private readonly SafeFileHandle _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private bool _published;

    internal BlobUpload(BlobStore store, string path, long maxBytes)
    {
        _store = store;
        _path = path;
        _maxBytes = maxBytes;
        _file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read);
    }

    /// <summary>Bytes so far.</summary>
    public long Size { get; private set; }

    /// <summary>Lower-case hex; set by <see cref="Seal"/>.</summary>
    public string Sha256 { get; private set; } = "";

    /// <summary>Bytes of the contents; set by <see cref="Seal"/> and <see cref="Verify"/>.</summary>
    public long UnzippedSize { get; private set; }

    /// <exception cref="LambdaException">It grows over Lambda's limit.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (Size + bytes.Length > _maxBytes)
            throw ArchiveErrors.ZippedTooLarge(_maxBytes);
        RandomAccess.Write(_file, bytes, Size);
        _hash.AppendData(bytes);
        Size += bytes.Length;
    }

    /// <summary>Verifies the zip without keeping it: an update's dry run.</summary>
    /// <exception cref="LambdaException">The zip is refused.</exception>
    public void Verify(CancellationToken cancellationToken)
    {
        using (CodeArchive archive = CodeArchive.Open(_path))
            UnzippedSize = archive.Verify(cancellationToken);
        Sha256 = Convert.ToHexStringLower(_hash.GetCurrentHash());
    }

    /// <summary>Verifies the zip, and makes it a durable blob that stays at least until this object is disposed.</summary>
    /// <exception cref="LambdaException">The zip is refused.</exception>
    public void Seal(CancellationToken cancellationToken)
    {
        Verify(cancellationToken);
        RandomAccess.FlushToDisk(_file);
        _store.Publish(_path, Sha256);
        _published = true;
    }

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
        if (_published)
            _store.Unpin(Sha256);
        else
            File.Delete(_path);
    }
}
