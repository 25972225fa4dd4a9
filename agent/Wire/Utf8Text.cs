using System.Text;

namespace Hearth.Wire;

/// <summary>A string as it lies in a frame, or nil. Valid as long as the frame is.</summary>
public readonly struct Utf8Text(ReadOnlyMemory<byte> bytes) : IEquatable<Utf8Text>
{
    private readonly bool _present = true;

    public ReadOnlyMemory<byte> Bytes { get; } = bytes;

    public bool IsNil => !_present;

    /// <summary>Null when nil.</summary>
    public string? ToStringOrNull() => _present ? Encoding.UTF8.GetString(Bytes.Span) : null;

    public override string ToString() => Encoding.UTF8.GetString(Bytes.Span);

    public bool Equals(Utf8Text other) => _present == other._present && Bytes.Span.SequenceEqual(other.Bytes.Span);

    public override bool Equals(object? obj) => obj is Utf8Text other && Equals(other);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.AddBytes(Bytes.Span);
        return hash.ToHashCode();
    }

    public static bool operator ==(Utf8Text left, Utf8Text right) => left.Equals(right);

    public static bool operator !=(Utf8Text left, Utf8Text right) => !left.Equals(right);
}
