using System.Reflection;
using Hearth.Sandbox.Linux;

namespace Hearth.NativeTests.Abi;

/// <summary>Messages have no padding: what the compiler puts between fields is whatever was in memory, and a root process sends it.</summary>
internal static class ProtocolLayout
{
    public static IEnumerable<string> Problems(Type type)
    {
        var size = ClrLayout.SizeOf(type);
        var declared = type.GetCustomAttribute<ProtocolStructAttribute>()!.Size;
        if (size != declared)
            yield return $"{type.Name}: is {size} bytes and says {declared}";
        var end = 0;
        foreach (var field in AbiScan.Fields(type).OrderBy(ClrLayout.OffsetOf))
        {
            var offset = ClrLayout.OffsetOf(field);
            if (offset > end)
                yield return $"{type.Name}: {offset - end} bytes of padding before {field.Name}";
            end = Math.Max(end, offset + ClrLayout.SizeOf(field.FieldType));
        }

        if (end != size)
            yield return $"{type.Name}: {size - end} bytes of padding at the end";
    }

    /// <summary>The field as C declares it.</summary>
    public static string Declaration(FieldInfo field)
    {
        var name = AssertionFile.BackingName(field);
        if (ClrLayout.Buffer(field) is { } buffer)
            return $"{Scalar(buffer.ElementType)} {name}[{buffer.Length}]";
        var type = field.FieldType;
        if (type.IsEnum)
            type = Enum.GetUnderlyingType(type);
        return type.IsPrimitive
            ? $"{Scalar(type)} {name}"
            // Nested structs and inline arrays: aligned as their widest member.
            : $"_Alignas({Alignment(type)}) unsigned char {name}[{ClrLayout.SizeOf(type)}]";
    }

    private static int Alignment(Type type)
    {
        if (type.IsEnum)
            type = Enum.GetUnderlyingType(type);
        return type.IsPrimitive ? ClrLayout.SizeOf(type) : AbiScan.Fields(type).Max(f => Alignment(ClrLayout.Buffer(f)?.ElementType ?? f.FieldType));
    }

    private static string Scalar(Type type) => Type.GetTypeCode(type) switch
    {
        TypeCode.Byte or TypeCode.Boolean => "uint8_t",
        TypeCode.SByte => "int8_t",
        TypeCode.Int16 => "int16_t",
        TypeCode.UInt16 => "uint16_t",
        TypeCode.Int32 => "int32_t",
        TypeCode.UInt32 => "uint32_t",
        TypeCode.Int64 => "int64_t",
        TypeCode.UInt64 => "uint64_t",
        _ => throw new InvalidOperationException($"{type.Name}: not a type for a message"),
    };
}
