using System.Buffers;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using Hearth.Contracts;
using Hearth.Contracts.Archives;

namespace Hearth.Agent.Functions;

/// <summary>Where a zip comes from: the agent link in production.</summary>
internal interface ICodeSource
{
    /// <summary>The zip in pieces.</summary>
    /// <exception cref="CodeUnavailableException">It cannot be had now, or does not exist.</exception>
    IAsyncEnumerable<ReadOnlyMemory<byte>> FetchAsync(string sha256Hex, CancellationToken cancellationToken);
}

internal sealed class CodeUnavailableException(string message) : Exception(message);

/// <summary>Unpacked code and layers by the hash of their zip, and merged layers by the hash of their list: <c>code/HEX/</c> is either absent or whole.</summary>
internal sealed class CodeStore
{
    /// <summary>Entries of a layer's extensions/.</summary>
    private const int MostLooked = 256;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private readonly Lock _sweeping = new();
    private readonly string _root;
    private readonly string _staging;
    private readonly ICodeSource _source;
    private readonly ILogger _log;
    private readonly ConcurrentDictionary<string, Lazy<Task>> _fetching = new(StringComparer.Ordinal);

    public CodeStore(string root, ICodeSource source, ILogger log)
    {
        _root = root;
        _source = source;
        _log = log;
        _staging = Path.Join(root, ".staging");
        Directory.CreateDirectory(root);
        if (Directory.Exists(_staging))
            Directory.Delete(_staging, recursive: true);
        Directory.CreateDirectory(_staging);
    }

    public bool Has(FunctionRevision function) => function.CodeHashes.All(IsThere);

    /// <summary>
    /// Whether its layers, which are here, hold an extension. They are a tenant's tree: a link is not followed and counts as one, and what is really there the adapter
    /// sees in the sandbox.
    /// </summary>
    public bool HasExtensions(FunctionRevision function)
    {
        if (function.Layers is not { } layers)
            return false;
        var extensions = new DirectoryInfo(Path.Join(Folder(layers.Hash), "extensions"));
        if (extensions.LinkTarget is not null)
            return true;
        if (!extensions.Exists)
            return false;
        // Of a folder full of folders nobody looks at all: the adapter will.
        var looked = 0;
        return extensions.EnumerateFileSystemInfos().Any(entry => ++looked > MostLooked || entry is FileInfo || entry.LinkTarget is not null);
    }

    /// <exception cref="CodeUnavailableException">The control plane is away, or does not have it.</exception>
    /// <exception cref="LambdaException">The zip is refused.</exception>
    public async Task EnsureAsync(FunctionRevision function, CancellationToken cancellationToken)
    {
        foreach (var hash in function.ZipHashes)
        {
            if (IsThere(hash))
                continue;
            var fetch = _fetching.GetOrAdd(hash, static (h, self) => new Lazy<Task>(() => self.FetchAsync(h)), this);
            await fetch.Value.WaitAsync(cancellationToken);
        }
        if (function.Layers is { IsMerged: true } layers && !IsThere(layers.Hash))
        {
            var merge = _fetching.GetOrAdd(layers.Hash, static (_, x) => new Lazy<Task>(() => x.Store.MergeAsync(x.Layers)), (Store: this, Layers: layers));
            await merge.Value.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Deletes every folder that nothing uses. <paramref name="used"/> is asked once, and again before each that goes, since a function may have come meanwhile.</summary>
    public void Sweep(Func<IReadOnlySet<string>> used)
    {
        var known = used();
        foreach (var folder in Directory.GetDirectories(_root))
        {
            var name = Path.GetFileName(folder);
            if (name.StartsWith('.') || known.Contains(name) || _fetching.ContainsKey(name))
                continue;
            try
            {
                // Out of sight first: a half-deleted folder must never look like code.
                var trash = Path.Join(_staging, Guid.NewGuid().ToString("N"));
                lock (_sweeping)
                {
                    if (used().Contains(name))
                        continue;
                    Directory.Move(folder, trash);
                }
                Directory.Delete(trash, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                _log.LogWarning("Unused code {Hash} could not be deleted: {Cause}", name, e.Message);
            }
        }
    }

    private bool IsThere(string hash)
    {
        // The catalogue names the function already: a sweep that comes later spares it, one that came before has removed it.
        lock (_sweeping)
            return Directory.Exists(Folder(hash));
    }

    private string Folder(string sha256Hex) =>
        sha256Hex.Length == 64 && !sha256Hex.AsSpan().ContainsAnyExcept(HexDigits)
            ? Path.Join(_root, sha256Hex)
            : throw new ArgumentException($"'{sha256Hex}' is not a SHA-256 in lower-case hex.", nameof(sha256Hex));

    private async Task FetchAsync(string hash)
    {
        // Somebody else's may have ended between the look that found nothing and this one's place in the table.
        if (IsThere(hash))
        {
            _fetching.TryRemove(hash, out _);
            return;
        }
        var zip = Path.Join(_staging, Guid.NewGuid().ToString("N") + ".zip");
        try
        {
            await DownloadAsync(hash, zip);
            CodeInstaller.Install(zip, _staging, Folder(hash));
        }
        finally
        {
            File.Delete(zip);
            _fetching.TryRemove(hash, out _);
        }
    }

    private Task MergeAsync(LayerSet layers) => Task.Run(() =>
    {
        try
        {
            if (!IsThere(layers.Hash))
                LayerMerge.Install(layers.Zips.Select(Folder), _staging, Folder(layers.Hash));
        }
        finally
        {
            _fetching.TryRemove(layers.Hash, out _);
        }
    });

    private async Task DownloadAsync(string hash, string zip)
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        long size = 0;
        await using (var file = new FileStream(zip, FileMode.CreateNew, FileAccess.Write))
        {
            await foreach (var piece in _source.FetchAsync(hash, limit.Token))
            {
                size += piece.Length;
                if (size > CodeArchiveLimits.MaxUnzippedBytes)
                    throw new CodeUnavailableException($"The control plane sent more than {CodeArchiveLimits.MaxUnzippedBytes} bytes for code {hash}.");
                digest.AppendData(piece.Span);
                await file.WriteAsync(piece, limit.Token);
            }
        }
        var got = Convert.ToHexStringLower(digest.GetHashAndReset());
        if (got != hash)
            throw new CodeUnavailableException($"The control plane sent {size} bytes with SHA-256 {got} where {hash} was asked for.");
    }
}
