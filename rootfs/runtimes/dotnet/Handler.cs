using System.Reflection;

namespace Hearth.Runtime;

/// <summary>A method of the function and how its arguments and its result become bytes.</summary>
internal sealed class Handler
{
    private static readonly byte[] s_null = "null"u8.ToArray();

    private readonly MethodInfo _method;
    private readonly object? _instance;
    private readonly Type? _input;
    private readonly Type? _context;
    private readonly Type _output;
    private readonly FunctionSerializer _serializer;

    public Handler(MethodInfo method, object? instance)
    {
        _method = method;
        _instance = instance;
        var parameters = method.GetParameters();
        if (parameters.Length > 0 && LambdaContext.IsContext(parameters[^1].ParameterType, alone: parameters.Length == 1))
            _context = parameters[^1].ParameterType;
        else if (parameters.Length == 2)
            throw new LambdaValidationException(
                $"Method '{method.Name}' of type '{method.DeclaringType?.FullName}' is not supported: the method has 2 parameters, but the second parameter is not of type 'Amazon.Lambda.Core.ILambdaContext'.");
        _input = parameters.Length - (_context is null ? 0 : 1) > 0 ? parameters[0].ParameterType : null;
        _output = AwaitedType(method.ReturnType);
        _serializer = FunctionSerializer.For(method);
    }

    public ReadOnlyMemory<byte> Invoke(InvokeRequest request)
    {
        var arguments = new object?[(_input is null ? 0 : 1) + (_context is null ? 0 : 1)];
        if (_input is not null)
            arguments[0] = _input == typeof(Stream) ? new MemoryStream(request.Payload.ToArray(), writable: false) : _serializer.Deserialize(request.Payload, _input);
        if (_context is not null)
            arguments[^1] = LambdaContext.Create(_context, request);
        var result = Await(_method.Invoke(_instance, BindingFlags.DoNotWrapExceptions, null, arguments, null));
        if (_output == typeof(void))
            return s_null;
        if (result is Stream stream)
            return ReadAll(stream);
        return typeof(Stream).IsAssignableFrom(_output) ? s_null : _serializer.Serialize(result, _output);
    }

    private static Type AwaitedType(Type type)
    {
        if (type == typeof(Task) || type == typeof(ValueTask))
            return typeof(void);
        return type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(Task<>) || type.GetGenericTypeDefinition() == typeof(ValueTask<>))
            ? type.GetGenericArguments()[0]
            : type;
    }

    private object? Await(object? returned)
    {
        switch (returned)
        {
            case Task task:
                task.GetAwaiter().GetResult();
                return _output == typeof(void) ? null : task.GetType().GetProperty("Result")!.GetValue(task);
            case ValueTask task:
                task.AsTask().GetAwaiter().GetResult();
                return null;
            case not null when returned.GetType() is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(ValueTask<>):
                return Await(type.GetMethod("AsTask")!.Invoke(returned, null));
            default:
                return returned;
        }
    }

    private static ReadOnlyMemory<byte> ReadAll(Stream stream)
    {
        using (stream)
        {
            if (stream is MemoryStream { CanSeek: true } memory)
                return memory.ToArray().AsMemory((int)Math.Min(memory.Position, memory.Length));
            using var copy = new MemoryStream();
            stream.CopyTo(copy);
            return copy.ToArray();
        }
    }
}
