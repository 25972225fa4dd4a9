using System.Text;
using Hearth.Cli.Output;
using Mono.Unix.Native;

namespace Hearth.Cli.Node;

/// <summary>D/log/NAME.log of one process: at most two files of 8 MiB each, and the last lines in memory for error messages.</summary>
internal sealed class ServiceLog : IDisposable
{
    private const long MaxBytes = 8 << 20;
    private const int TailLines = 12;

    private readonly string _name;
    private readonly string _path;
    private readonly bool _echo;
    private readonly Lock _gate = new();
    private readonly Queue<string> _tail = new();
    private StreamWriter _file;

    public ServiceLog(string data, string name, bool echo)
    {
        _name = name;
        _path = Path.Combine(data, "log", name + ".log");
        _echo = echo;
        _file = Open();
    }

    public string FilePath => _path;

    /// <param name="text">From <see cref="BoundedLines"/>.</param>
    public void Write(string text)
    {
        lock (_gate)
        {
            if (_tail.Count == TailLines) _tail.Dequeue();
            _tail.Enqueue(text);
            if (_echo) Console.Error.WriteLine($"{_name} | {VisibleText.Line(text)}");
            try
            {
                _file.WriteLine($"{TimeProvider.System.GetUtcNow():yyyy-MM-ddTHH:mm:ss.fffZ} {text}");
                if (_file.BaseStream.Length > MaxBytes) Rotate();
            }
            catch (IOException)
            {
                // A full disk must not stop the node; the tail is still in memory.
            }
            catch (ObjectDisposedException)
            {
                // A last line that came after the end.
            }
        }
    }

    public IReadOnlyList<string> Tail()
    {
        lock (_gate) return [.. _tail];
    }

    public void ForgetTail()
    {
        lock (_gate) _tail.Clear();
    }

    private StreamWriter Open()
    {
        var file = new FileStream(RootFiles.Open(_path, OpenFlags.O_WRONLY | OpenFlags.O_APPEND), FileAccess.Write);
        file.Seek(0, SeekOrigin.End);
        return new StreamWriter(file, new UTF8Encoding(false)) { AutoFlush = true };
    }

    private void Rotate()
    {
        _file.Dispose();
        File.Move(_path, _path + ".1", overwrite: true);
        _file = Open();
    }

    public void Dispose()
    {
        lock (_gate) _file.Dispose();
    }
}
