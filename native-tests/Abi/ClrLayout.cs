using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;

namespace Hearth.NativeTests.Abi;

/// <summary>Size of a struct and offset of a field as the runtime lays them out, which is what a pointer to it sees.</summary>
internal static class ClrLayout
{
    public static int SizeOf(Type type)
    {
        if (type.IsPointer || type.IsFunctionPointer)
            return nint.Size;
        var method = new DynamicMethod("SizeOf", typeof(int), []);
        var il = method.GetILGenerator();
        il.Emit(OpCodes.Sizeof, type);
        il.Emit(OpCodes.Ret);
        return (int)method.Invoke(null, [])!;
    }

    public static int OffsetOf(FieldInfo field)
    {
        var method = new DynamicMethod("OffsetOf", typeof(long), [], field.DeclaringType!, skipVisibility: true);
        var il = method.GetILGenerator();
        var local = il.DeclareLocal(field.DeclaringType!);
        il.Emit(OpCodes.Ldloca, local);
        il.Emit(OpCodes.Ldflda, field);
        il.Emit(OpCodes.Conv_I8);
        il.Emit(OpCodes.Ldloca, local);
        il.Emit(OpCodes.Conv_I8);
        il.Emit(OpCodes.Sub);
        il.Emit(OpCodes.Ret);
        return (int)(long)method.Invoke(null, [])!;
    }

    /// <summary>A fixed buffer as its element and length, else null.</summary>
    public static FixedBufferAttribute? Buffer(FieldInfo field) => field.GetCustomAttribute<FixedBufferAttribute>();
}
