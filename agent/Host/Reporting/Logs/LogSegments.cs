using System.Buffers;
using System.Globalization;

namespace Hearth.Agent.Reporting.Logs;

/// <summary>The files of one function: <c>FIRSTMS-NUMBER.log</c>, so that names sort by time and the directory is the coarse time index;
/// beside each lies <c>.idx</c>, pairs of (time, offset) every 64 KiB.</summary>
internal static class LogSegments
{
    public static string Name(string folder, long firstUnixMs, long number) =>
        Path.Join(folder, string.Create(CultureInfo.InvariantCulture, $"{firstUnixMs:D15}-{number:D10}.log"));

    public static string IndexOf(string segment) => Path.ChangeExtension(segment, ".idx");

    public static string[] List(string folder)
    {
        if (!Directory.Exists(folder))
            return [];
        var files = Directory.GetFiles(folder, "*.log");
        Array.Sort(files, StringComparer.Ordinal);
        return files;
    }

    /// <summary>0 for a name that is not ours.</summary>
    public static long FirstTime(string segment)
    {
        var name = Path.GetFileName(segment.AsSpan());
        return name.Length > 15 && long.TryParse(name[..15], CultureInfo.InvariantCulture, out var time) ? time : 0;
    }

    /// <summary>0 for one that is gone.</summary>
    public static long Size(string segment) => new FileInfo(segment) is { Exists: true } file ? file.Length : 0;

    /// <summary>Takes a stream out of a closed segment, or deletes it when nothing else is in it.</summary>
    /// <param name="stream">"" = every stream.</param>
    public static void Remove(string segment, string stream)
    {
        var kept = new ArrayBufferWriter<byte>();
        var found = stream.Length == 0;
        if (!found)
        {
            ReadOnlySpan<byte> rest = File.ReadAllBytes(segment);
            while (LogRecord.TryRead(rest, out var entry) is > 0 and var used)
            {
                if (entry.Stream == stream)
                    found = true;
                else
                    kept.Write(rest[..used]);
                rest = rest[used..];
            }
        }
        if (!found)
            return;
        // Its offsets hold no longer; without it a reader begins at the segment's start.
        File.Delete(IndexOf(segment));
        if (kept.WrittenCount == 0)
        {
            File.Delete(segment);
            return;
        }
        var staging = segment + ".new";
        File.WriteAllBytes(staging, kept.WrittenSpan);
        File.Move(staging, segment, overwrite: true);
    }

    /// <summary>Deletes what is over the caps, oldest first. The newest segment stays until nothing was written to it for so long, and goes with the folder.</summary>
    public static void Trim(string folder, LogSettings settings, DateTimeOffset now)
    {
        var files = List(folder);
        var sizes = Array.ConvertAll(files, Size);
        var total = sizes.Sum();
        var oldest = (now - settings.MaxAge).ToUnixTimeMilliseconds();
        for (var i = 0; i < files.Length - 1; i++)
        {
            if (total <= settings.MaxBytesPerFunction && FirstTime(files[i + 1]) >= oldest)
                return;
            Remove(files[i]);
            total -= sizes[i];
        }
        if (files.Length == 0 || File.GetLastWriteTimeUtc(files[^1]) >= now.UtcDateTime - settings.MaxAge)
            return;
        Remove(files[^1]);
        Directory.Delete(folder);
    }

    private static void Remove(string segment)
    {
        File.Delete(IndexOf(segment));
        File.Delete(segment);
    }
}
