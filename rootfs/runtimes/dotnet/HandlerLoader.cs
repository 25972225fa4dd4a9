using System.Reflection;
using System.Runtime.CompilerServices;

namespace Hearth.Runtime;

/// <summary>`Assembly::Namespace.Type::Method` to a method that can be called. Texts are those of Amazon.Lambda.RuntimeSupport (Errors.cs).</summary>
internal static class HandlerLoader
{
    private const BindingFlags Methods = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.FlattenHierarchy;

    public static Handler Load(string handler)
    {
        var (assemblyName, typeName, methodName) = Split(handler);
        var assembly = LoadAssembly(assemblyName);
        var type = assembly.GetType(typeName)
            ?? throw new LambdaValidationException($"Unable to load type '{typeName}' from assembly '{assemblyName}'.");
        var method = Find(type, methodName, assemblyName);
        Check(type, method);
        var instance = method.IsStatic ? null : Create(type);
        return new Handler(method, instance);
    }

    private static (string Assembly, string Type, string Method) Split(string handler)
    {
        const string Format = "The valid format is 'ASSEMBLY::TYPE::METHOD'.";
        if (handler.Length == 0)
            throw new LambdaValidationException($"Empty lambda function handler. {Format}");
        var parts = handler.Split("::", 3, StringSplitOptions.TrimEntries);
        if (parts.Length != 3)
            throw new LambdaValidationException($"Invalid lambda function handler: '{handler}'. {Format}");
        string[] names = ["assembly", "type", "method"];
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts[i].Length == 0)
                throw new LambdaValidationException($"Invalid lambda function handler: '{handler}', the {names[i]} is missing. {Format}");
        }
        return (parts[0], parts[1], parts[2]);
    }

    private static Assembly LoadAssembly(string name)
    {
        var folder = Environment.GetEnvironmentVariable("LAMBDA_TASK_ROOT") ?? "/var/task";
        var path = Path.GetFullPath(Path.Combine(folder, name + ".dll"));
        if (!File.Exists(path))
        {
            throw new LambdaValidationException(
                $"Could not find the specified handler assembly with the file name '{name}, Culture=neutral, PublicKeyToken=null'. The assembly should be located in the root of your uploaded .zip file.");
        }
        var context = new FunctionLoadContext(folder, path);
        // Assembly.Load and Type.GetType in the function look where the function is.
        context.EnterContextualReflection();
        try
        {
            return context.LoadFromAssemblyPath(path);
        }
        catch (Exception e) when (e is BadImageFormatException or IOException)
        {
            throw new LambdaValidationException($"Unable to load assembly '{name}'.", e);
        }
    }

    private static MethodInfo Find(Type type, string name, string assembly)
    {
        var all = type.GetMethods(Methods);
        // The name may be a whole signature, as MethodInfo.ToString() writes it.
        var found = all.Where(m => m.ToString() == name).ToList();
        if (found.Count == 0)
            found = all.Where(m => m.Name == name).ToList();
        if (found.Count > 1)
            found = found.Where(m => m.DeclaringType == type).ToList();
        return found.Count switch
        {
            1 => found[0],
            0 => throw new LambdaValidationException(
                $"Unable to find method '{name}' in type '{type.FullName}' from assembly '{assembly}': Found no methods matching method name '{name}'."),
            _ => throw new LambdaValidationException(
                $"The method '{name}' in type '{type.FullName}' appears to have a number of overloads. To call this method please specify a complete method signature. Possible candidates are:\n{string.Join("\n", found)}."),
        };
    }

    private static void Check(Type type, MethodInfo method)
    {
        var name = $"{type.FullName}.{method.Name}";
        if (type.ContainsGenericParameters)
            throw new LambdaValidationException($"The type '{type}' cannot be used as a Lambda Handler type because it is generic. Handler methods cannot be located in generic types. Please specify a handler method in a non-generic type.");
        if (type.IsAbstract && !method.IsStatic)
            throw new LambdaValidationException($"The instance method '{name}' cannot be used as a Lambda Handler because its type '{type}' is abstract. Please either use a static handler or specify a type that is not abstract.");
        if (method.ContainsGenericParameters)
            throw new LambdaValidationException($"The method '{name}' cannot be used as a Lambda Handler because it is a generic method. Handler methods cannot be generic. Please specify a non-generic handler method.");
        if (method.ReturnType == typeof(void) && method.IsDefined(typeof(AsyncStateMachineAttribute)))
            throw new LambdaValidationException($"The method '{name}' cannot be used as a Lambda Handler because it is an 'async void' method. Handler methods cannot be 'async void'. Please specify a method that is not 'async void'.");
        if (method.GetParameters().Length > 2)
            throw new LambdaValidationException($"Method '{method.Name}' of type '{type.FullName}' is not supported: the method has more than 2 parameters.");
    }

    private static object Create(Type type)
    {
        try
        {
            return Activator.CreateInstance(type)!;
        }
        catch (TargetInvocationException e) when (e.InnerException is { } thrown)
        {
            // The constructor's own exception, with its own stack, is what the developer looks for.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(thrown);
            throw;
        }
        catch (MissingMethodException e)
        {
            throw new LambdaValidationException($"The type '{type.FullName}' has no public constructor without parameters.", e);
        }
    }
}
