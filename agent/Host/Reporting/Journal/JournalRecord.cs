using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;
using Google.Protobuf;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Reporting.Journal;

/// <summary>
/// One finished invocation in 256 bytes, little-endian:
/// <code>
///   0 u32 CRC-32C of bytes 4-255   4 u32 format (1)          8 u64 sequence
///  16 request id (16 bytes)       32 i64 start, Unix ms     40 i64 duration, us
///  48 i64 init, us                56 i64 billed, ms         64 i32 memory, MB
///  68 i32 most memory used, MB    72 i32 InvocationStatus   76 u8 name length   77 u8 version length
///  80 name (64)                  144 version (64)          208 zero
/// </code>
/// </summary>
internal static class JournalRecord
{
    public const int Size = 256;
    private const uint Format = 1;
    private const int TextLength = 64;

    /// <summary>Everything but the checksum goes first: a process that dies in between leaves a record that does not verify.</summary>
    public static void Write(Span<byte> slot, ulong sequence, in FinishedInvocation record)
    {
        Span<byte> bytes = stackalloc byte[Size];
        bytes.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[4..], Format);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[8..], sequence);
        record.RequestId.TryWriteBytes(bytes[16..], bigEndian: true, out _);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], record.StartUnixMs);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[40..], record.Usage.DurationUs);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[48..], record.Usage.InitUs);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[56..], record.Usage.BilledMs);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[64..], record.Usage.MemoryMb);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[68..], record.Usage.MaxMemoryMb);
        BinaryPrimitives.WriteInt32LittleEndian(bytes[72..], (int)record.Status);
        bytes[76] = Text(bytes.Slice(80, TextLength), record.FunctionName);
        bytes[77] = Text(bytes.Slice(144, TextLength), record.Version);
        bytes[4..].CopyTo(slot[4..]);
        BinaryPrimitives.WriteUInt32LittleEndian(slot, Checksum(bytes));
    }

    /// <returns>False when the slot is empty, torn, or holds another sequence.</returns>
    public static bool IsValid(ReadOnlySpan<byte> slot, ulong sequence) =>
        BinaryPrimitives.ReadUInt32LittleEndian(slot[4..]) == Format
        && BinaryPrimitives.ReadUInt64LittleEndian(slot[8..]) == sequence
        && BinaryPrimitives.ReadUInt32LittleEndian(slot) == Checksum(slot);

    public static InvocationRecord Read(ReadOnlySpan<byte> slot) => new()
    {
        RequestId = ByteString.CopyFrom(slot.Slice(16, 16)),
        StartUnixMs = BinaryPrimitives.ReadInt64LittleEndian(slot[32..]),
        DurationUs = BinaryPrimitives.ReadInt64LittleEndian(slot[40..]),
        InitUs = BinaryPrimitives.ReadInt64LittleEndian(slot[48..]),
        BilledMs = BinaryPrimitives.ReadInt64LittleEndian(slot[56..]),
        MemoryMb = BinaryPrimitives.ReadInt32LittleEndian(slot[64..]),
        MaxMemoryMb = BinaryPrimitives.ReadInt32LittleEndian(slot[68..]),
        Status = BinaryPrimitives.ReadInt32LittleEndian(slot[72..]),
        FunctionName = Encoding.UTF8.GetString(slot.Slice(80, Math.Min(slot[76], (byte)TextLength))),
        Version = Encoding.UTF8.GetString(slot.Slice(144, Math.Min(slot[77], (byte)TextLength))),
    };

    private static byte Text(Span<byte> field, string text) =>
        Encoding.UTF8.TryGetBytes(text, field, out var length) ? (byte)length : throw new ArgumentException($"'{text}' is longer than {TextLength} bytes.", nameof(text));

    private static uint Checksum(ReadOnlySpan<byte> slot)
    {
        var crc = uint.MaxValue;
        foreach (var word in MemoryMarshal.Cast<byte, uint>(slot[4..Size]))
            crc = BitOperations.Crc32C(crc, word);
        return ~crc;
    }
}
