using Mono.Cecil;
using Mono.Cecil.Cil;

namespace Hearth.NativeTests.Rules;

/// <summary>What the types of a namespace really name: in signatures, fields, attributes' types and instructions, those of lambdas and iterators included.</summary>
internal static class Dependencies
{
    /// <returns>"Type.Member names Other.Type", each once; a type of the same assembly counts like any other.</returns>
    /// <param name="from">Namespace; those below it are included.</param>
    /// <param name="not">Namespaces, or full names of types, that may not be named.</param>
    /// <param name="types">How many types there are to look at.</param>
    public static IReadOnlyList<string> Find(string assembly, string from, IReadOnlyList<string> not, out int types)
    {
        using var module = ModuleDefinition.ReadModule(assembly);
        var looked = module.Types.Where(type => IsIn(type.Namespace, from)).SelectMany(WithNested).ToList();
        types = looked.Count;
        return
        [
            .. (from type in looked
                from use in Uses(type)
                from named in Unfold(use.Type)
                let name = Outermost(named).FullName
                where not.Any(one => IsIn(name, one))
                select $"{Outermost(type).Name}.{use.Member} names {name}").Distinct().Order(),
        ];
    }

    private static bool IsIn(string name, string place) => name == place || name.StartsWith(place + ".", StringComparison.Ordinal);

    private static IEnumerable<TypeDefinition> WithNested(TypeDefinition type) => type.NestedTypes.SelectMany(WithNested).Prepend(type);

    private static TypeReference Outermost(TypeReference type) => type.DeclaringType is null ? type : Outermost(type.DeclaringType);

    private static IEnumerable<(string Member, TypeReference? Type)> Uses(TypeDefinition type)
    {
        yield return ("base", type.BaseType);
        foreach (var one in type.Interfaces)
            yield return ("interface", one.InterfaceType);
        foreach (var field in type.Fields)
            yield return (field.Name, field.FieldType);
        foreach (var method in type.Methods)
        {
            yield return (method.Name, method.ReturnType);
            foreach (var parameter in method.Parameters)
                yield return (method.Name, parameter.ParameterType);
            if (!method.HasBody)
                continue;
            foreach (var variable in method.Body.Variables)
                yield return (method.Name, variable.VariableType);
            foreach (var named in method.Body.Instructions.SelectMany(Named))
                yield return (method.Name, named);
        }
    }

    private static IEnumerable<TypeReference?> Named(Instruction instruction) => instruction.Operand switch
    {
        TypeReference type => [type],
        FieldReference field => [field.DeclaringType, field.FieldType],
        GenericInstanceMethod method => [method.DeclaringType, method.ReturnType, .. method.GenericArguments],
        MethodReference method => [method.DeclaringType, method.ReturnType, .. method.Parameters.Select(parameter => parameter.ParameterType)],
        _ => [],
    };

    // Arrays, references and generic types are made of others.
    private static IEnumerable<TypeReference> Unfold(TypeReference? type) => type switch
    {
        null or GenericParameter => [],
        GenericInstanceType generic => generic.GenericArguments.SelectMany(Unfold).Append(generic.ElementType),
        TypeSpecification made => Unfold(made.ElementType),
        _ => [type],
    };
}
