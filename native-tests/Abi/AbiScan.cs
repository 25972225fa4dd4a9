using System.Reflection;
using System.Runtime.CompilerServices;
using Hearth.Sandbox.Linux;

namespace Hearth.NativeTests.Abi;

/// <summary>Finds what the ABI test looks at, and what nobody marked.</summary>
internal static class AbiScan
{
    private const BindingFlags All = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Type[] _types = [.. typeof(NativeStructAttribute).Assembly.GetTypes().Where(IsOurs)];

    public static IEnumerable<Type> NativeStructs() => _types.Where(t => t.IsDefined(typeof(NativeStructAttribute)));

    public static IEnumerable<Type> ProtocolStructs() => _types.Where(t => t.IsDefined(typeof(ProtocolStructAttribute)));

    public static IEnumerable<Type> NativeConstants() => _types.Where(t => t.IsDefined(typeof(NativeConstantsAttribute)));

    /// <summary>Structs that could meet the kernel or another process: those that hold no reference.</summary>
    public static IEnumerable<string> UnmarkedStructs() => _types
        .Where(t => t.IsValueType && !t.IsEnum && !t.IsByRefLike && IsUnmanaged(t))
        .Where(t => new[] { typeof(NativeStructAttribute), typeof(ProtocolStructAttribute), typeof(NotNativeAttribute) }.Count(a => t.IsDefined(a)) != 1)
        .Select(t => $"{t.FullName}: needs exactly one of [NativeStruct], [ProtocolStruct] and [NotNative]");

    /// <summary>Integral constants of Hearth.Sandbox.Linux outside of a class with [NativeConstants].</summary>
    public static IEnumerable<string> UnmarkedConstants() => _types
        .Where(t => t.Namespace == "Hearth.Sandbox.Linux" && !t.IsEnum && !t.IsDefined(typeof(NativeConstantsAttribute)) && !t.IsDefined(typeof(NotNativeAttribute)))
        .SelectMany(Constants)
        .Where(f => !f.IsDefined(typeof(NativeNameAttribute)))
        .Select(f => $"{f.DeclaringType!.FullName}.{f.Name}: needs [NativeConstants] on its class, or [NotNative]");

    public static IEnumerable<FieldInfo> Constants(Type type) =>
        type.GetFields(All).Where(f => f.IsLiteral && !f.IsDefined(typeof(NotNativeAttribute)) && IsIntegral(f.FieldType));

    public static FieldInfo[] Fields(Type type) => type.GetFields(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance);

    public static bool IsUnmanaged(Type type) =>
        type.IsPointer || type.IsFunctionPointer || type.IsPrimitive || type.IsEnum || (type.IsValueType && !type.IsGenericType && Fields(type).All(f => IsUnmanaged(f.FieldType)));

    private static bool IsIntegral(Type type) => type.IsEnum || (type.IsPrimitive && type != typeof(bool) && type != typeof(char) && type != typeof(float) && type != typeof(double));

    private static bool IsOurs(Type type)
    {
        for (var t = type; t is not null; t = t.DeclaringType)
        {
            // Fixed buffers, lambdas, literal data.
            if (t.IsDefined(typeof(CompilerGeneratedAttribute)) || t.Name.StartsWith('<') || t.IsDefined(typeof(UnsafeValueTypeAttribute)))
                return false;
        }

        return type.Namespace?.StartsWith("Hearth.", StringComparison.Ordinal) == true;
    }
}
