using Google.Protobuf;
using Hearth.Contracts.Archives;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Functions;

/// <summary>The last snapshot on disk, so that an agent that starts while the control plane is away serves all the same. 0600: it holds environments.</summary>
internal sealed class CatalogueFile(string path, ILogger log)
{
    private readonly Lock _gate = new();

    /// <returns>Null when there is none, or it cannot be read.</returns>
    public Snapshot? TryRead()
    {
        try
        {
            return File.Exists(path) ? Snapshot.Parser.ParseFrom(File.ReadAllBytes(path)) : null;
        }
        catch (Exception e) when (e is IOException or InvalidProtocolBufferException)
        {
            log.LogWarning("The cached function list {Path} cannot be read ({Cause}); waiting for the control plane", path, e.Message);
            return null;
        }
    }

    public void Write(Snapshot snapshot)
    {
        lock (_gate)
        {
            try
            {
                var staging = path + ".new";
                using (var file = new FileStream(staging, new FileStreamOptions
                {
                    Mode = FileMode.Create,
                    Access = FileAccess.Write,
                    UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                }))
                {
                    snapshot.WriteTo(file);
                    file.Flush(flushToDisk: true);
                }
                File.Move(staging, path, overwrite: true);
                FileSync.Folder(Path.GetDirectoryName(path)!);
            }
            catch (IOException e)
            {
                log.LogError("The function list could not be kept on disk: {Cause}", e.Message);
            }
        }
    }
}
