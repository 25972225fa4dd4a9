using System.Globalization;
using System.IO.MemoryMappedFiles;
using Hearth.Agent.Streaming;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Agent.Reporting.Journal;

/// <summary>A file of fixed-size records, mapped into memory: a record that was stored survives kill -9 of this process without a system call.
/// Its blocks are reserved when it is made, so that a store never meets a full disk.</summary>
internal sealed unsafe class JournalSegment : IDisposable
{
    private readonly FileStream _file;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;

    private JournalSegment(string path, FileStream file, ulong firstSequence)
    {
        Path = path;
        _file = file;
        First = firstSequence;
        Capacity = (int)(file.Length / JournalRecord.Size);
        _map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        _view = _map.CreateViewAccessor();
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
    }

    public string Path { get; }

    public ulong First { get; }

    /// <summary>Records that fit.</summary>
    public int Capacity { get; }

    public static string Name(string folder, ulong firstSequence, bool ahead = false) =>
        System.IO.Path.Join(folder, string.Create(CultureInfo.InvariantCulture, $"{firstSequence:D20}{(ahead ? ".ahead" : "")}.journal"));

    /// <param name="ahead">Made before it is needed: then it has a name that whoever needs one at once does not collide with.</param>
    /// <exception cref="IOException">The disk is full.</exception>
    public static JournalSegment Create(string folder, ulong firstSequence, int capacity, bool ahead = false)
    {
        var path = Name(folder, firstSequence, ahead);
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        try
        {
            var error = Sys.Allocate(file.SafeFileHandle, (long)capacity * JournalRecord.Size);
            if (error != 0)
                throw new IOException($"{path}: {capacity * (long)JournalRecord.Size} bytes cannot be reserved (errno {error}); make room on this disk");
            return new JournalSegment(path, file, firstSequence);
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    public static JournalSegment Open(string path)
    {
        var first = ulong.Parse(System.IO.Path.GetFileName(path.AsSpan())[..20], CultureInfo.InvariantCulture);
        var file = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        return new JournalSegment(path, file, first);
    }

    public Span<byte> Slot(int index) => new(_start + (long)index * JournalRecord.Size, JournalRecord.Size);

    public bool IsValid(int index) => JournalRecord.IsValid(Slot(index), First + (ulong)index);

    /// <summary>Slots up to and including the last one that verifies.</summary>
    public int CountUsed()
    {
        for (var i = Capacity - 1; i >= 0; i--)
        {
            if (IsValid(i))
                return i + 1;
        }
        return 0;
    }

    /// <summary>msync and fsync.</summary>
    public void Flush()
    {
        _view.Flush();
        _file.Flush(flushToDisk: true);
    }

    public void Dispose()
    {
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _map.Dispose();
        _file.Dispose();
    }
}
