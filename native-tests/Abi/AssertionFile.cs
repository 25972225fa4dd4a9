using System.Reflection;
using System.Text;
using Hearth.Sandbox.Linux;

namespace Hearth.NativeTests.Abi;

/// <summary>A C file of static assertions: it compiles when our numbers are the headers'.</summary>
internal sealed class AssertionFile
{
    private readonly List<string> _headers = ["stddef.h", "stdint.h"];
    private readonly StringBuilder _body = new();

    public int Count { get; private set; }

    public string Text => $"#define _GNU_SOURCE\n{string.Concat(_headers.Distinct().Select(h => $"#include <{h}>\n"))}{_body}";

    public void AddStruct(Type type)
    {
        var native = type.GetCustomAttribute<NativeStructAttribute>()!;
        _headers.AddRange(native.Headers);
        if (!native.Prefix)
            Assert($"sizeof({native.CType}) == {ClrLayout.SizeOf(type)}", $"{type.Name}: size");
        var names = Pairs(native.Fields);
        foreach (var field in AbiScan.Fields(type))
        {
            var name = BackingName(field);
            var cName = field.GetCustomAttribute<NativeNameAttribute>()?.Name ?? names.GetValueOrDefault(name) ?? Snake(name);
            Assert($"offsetof({native.CType}, {cName}) == {ClrLayout.OffsetOf(field)}", $"{type.Name}.{name}: offset");
            Assert($"sizeof((({native.CType} *)0)->{cName}) == {ClrLayout.SizeOf(field.FieldType)}", $"{type.Name}.{name}: size");
        }
    }

    public void AddConstants(Type type)
    {
        var native = type.GetCustomAttribute<NativeConstantsAttribute>()!;
        _headers.AddRange(native.Headers);
        var names = Pairs(native.Names);
        foreach (var field in AbiScan.Constants(type))
        {
            var own = field.GetCustomAttribute<NativeNameAttribute>();
            var cName = own?.Name ?? names.GetValueOrDefault(field.Name) ?? native.Prefix + Spell(field.Name, native.Case);
            AddConstant(cName, Bits(field.GetRawConstantValue()!), $"{type.Name}.{field.Name}", own?.Optional == true);
        }
    }

    /// <param name="optional">Compared only where the headers define it.</param>
    public void AddConstant(string cName, ulong value, string what, bool optional)
    {
        if (optional)
            _body.Append($"#ifdef {cName}\n");
        Assert($"(unsigned long long)({cName}) == {value}ULL || (unsigned int)({cName}) == {value}ULL", what);
        if (optional)
            _body.Append("#endif\n");
    }

    public void AddProtocolStruct(Type type)
    {
        var tag = $"struct protocol_{type.Name}";
        _body.Append($"{tag} {{\n");
        foreach (var field in AbiScan.Fields(type).OrderBy(ClrLayout.OffsetOf))
            _body.Append($"  {ProtocolLayout.Declaration(field)};\n");
        _body.Append("};\n");
        Assert($"sizeof({tag}) == {type.GetCustomAttribute<ProtocolStructAttribute>()!.Size}", $"{type.Name}: size");
        foreach (var field in AbiScan.Fields(type))
            Assert($"offsetof({tag}, {BackingName(field)}) == {ClrLayout.OffsetOf(field)}", $"{type.Name}.{BackingName(field)}: offset");
    }

    /// <summary>The property's name where the compiler made the field.</summary>
    public static string BackingName(FieldInfo field) => field.Name.StartsWith('<') ? field.Name[1..field.Name.IndexOf('>')] : field.Name;

    private void Assert(string condition, string what)
    {
        _body.Append($"_Static_assert({condition}, \"{what}\");\n");
        Count++;
    }

    private static Dictionary<string, string> Pairs(string[] pairs) => pairs.Select(p => p.Split('=', 2)).ToDictionary(p => p[0], p => p[1]);

    private static string Spell(string name, NativeCase rule) => rule switch
    {
        NativeCase.Upper => name.ToUpperInvariant(),
        NativeCase.UpperSnake => Snake(name).ToUpperInvariant(),
        NativeCase.LowerSnake => Snake(name),
        _ => name,
    };

    private static string Snake(string name) =>
        string.Concat(name.TrimStart('_').Select((c, i) => i > 0 && char.IsUpper(c) ? $"_{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));

    private static ulong Bits(object value) => value is ulong bits ? bits : unchecked((ulong)Convert.ToInt64(value));
}
