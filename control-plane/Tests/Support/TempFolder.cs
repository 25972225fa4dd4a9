namespace Hearth.ControlPlane.Tests.Support;

internal sealed class TempFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("hearth-cp-").FullName;

    public string File(string name, byte[] content)
    {
        string path = System.IO.Path.Join(Path, name);
        System.IO.File.WriteAllBytes(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
