using System.Reflection;
using System.Text.Json;

namespace Hearth.Runtime;

/// <summary>JSON to the handler's types and back: the function's own [LambdaSerializer] when it has one, else System.Text.Json.</summary>
internal abstract class FunctionSerializer
{
    public abstract object? Deserialize(ReadOnlyMemory<byte> payload, Type type);

    public abstract ReadOnlyMemory<byte> Serialize(object? value, Type type);

    public static FunctionSerializer For(MethodInfo method)
    {
        var attribute = method.GetCustomAttributes().Concat(method.DeclaringType!.Assembly.GetCustomAttributes())
            .FirstOrDefault(a => a.GetType().FullName == "Amazon.Lambda.Core.LambdaSerializerAttribute");
        if (attribute?.GetType().GetProperty("SerializerType")?.GetValue(attribute) is not Type type)
            return new Default();
        var instance = Activator.CreateInstance(type)
            ?? throw new LambdaValidationException($"The indicated serializer '{type.FullName}' does not define a public zero-parameter constructor.");
        return new Own(instance);
    }

    /// <summary>The options of Amazon.Lambda.Serialization.SystemTextJson's DefaultLambdaJsonSerializer: names as declared, read in any case.</summary>
    private sealed class Default : FunctionSerializer
    {
        private static readonly JsonSerializerOptions s_options = new()
        {
            PropertyNameCaseInsensitive = true,
            DefaultIgnoreCondition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        };

        public override object? Deserialize(ReadOnlyMemory<byte> payload, Type type)
        {
            try
            {
                return JsonSerializer.Deserialize(payload.Span, type, s_options);
            }
            catch (JsonException e)
            {
                throw new JsonSerializerException($"Error converting the Lambda event JSON payload to type {type.FullName}: {e.Message}", e);
            }
        }

        public override ReadOnlyMemory<byte> Serialize(object? value, Type type) =>
            // An object-typed result is written as what it is.
            JsonSerializer.SerializeToUtf8Bytes(value, type == typeof(object) && value is not null ? value.GetType() : type, s_options);
    }

    /// <summary>Amazon.Lambda.Core.ILambdaSerializer, called by name: the function brings its own copy of that assembly.</summary>
    private sealed class Own(object serializer) : FunctionSerializer
    {
        public override object? Deserialize(ReadOnlyMemory<byte> payload, Type type)
        {
            using var stream = new MemoryStream(payload.ToArray(), writable: false);
            return Method("Deserialize", 1).MakeGenericMethod(type).Invoke(serializer, BindingFlags.DoNotWrapExceptions, null, [stream], null);
        }

        public override ReadOnlyMemory<byte> Serialize(object? value, Type type)
        {
            using var stream = new MemoryStream();
            Method("Serialize", 2).MakeGenericMethod(type).Invoke(serializer, BindingFlags.DoNotWrapExceptions, null, [value, stream], null);
            return stream.ToArray();
        }

        private MethodInfo Method(string name, int parameters) =>
            serializer.GetType().GetInterfaces().Append(serializer.GetType())
                .SelectMany(t => t.GetMethods())
                .FirstOrDefault(m => m.Name == name && m.IsGenericMethodDefinition && m.GetParameters().Length == parameters)
            ?? throw new LambdaValidationException($"The '{serializer.GetType().FullName}' class is invalid: it does not implement the 'ILambdaSerializer' interface.");
    }
}

/// <summary>The event does not fit the handler's type. The name is AWS's: callers see it as errorType.</summary>
internal sealed class JsonSerializerException(string message, Exception inner) : Exception(message, inner);
