using System.Reflection;

namespace Hearth.Runtime;

/// <summary>Objects of interfaces and classes that this program has never seen, from values by property name.</summary>
public static class DuckType
{
    public static object Create(Type type, Dictionary<string, Func<object?>> values)
    {
        if (type.IsInterface)
        {
            var proxy = DispatchProxy.Create(type, typeof(Proxy));
            ((Proxy)proxy).Values = values;
            return proxy;
        }
        var instance = Activator.CreateInstance(type)!;
        foreach (var property in type.GetProperties())
        {
            if (property.CanWrite && values.TryGetValue(property.Name, out var value))
                property.SetValue(instance, Convert(value(), property.PropertyType));
        }
        return instance;
    }

    private static object? Convert(object? value, Type type)
    {
        if (value is Dictionary<string, Func<object?>> nested)
            return type.IsInstanceOfType(nested) ? nested : Create(type, nested);
        if (value is null || type.IsInstanceOfType(value))
            return value;
        var target = Nullable.GetUnderlyingType(type) ?? type;
        return target == typeof(string) ? value.ToString() : System.Convert.ChangeType(value, target, System.Globalization.CultureInfo.InvariantCulture);
    }

    /// <summary>Public and not sealed, as <see cref="DispatchProxy"/> asks of it.</summary>
    public class Proxy : DispatchProxy
    {
        internal Dictionary<string, Func<object?>> Values { get; set; } = [];

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            var name = targetMethod!.Name;
            if (name.StartsWith("get_", StringComparison.Ordinal) && Values.TryGetValue(name[4..], out var value))
                return Convert(value(), targetMethod.ReturnType);
            if (name.StartsWith("Log", StringComparison.Ordinal))
                Log(name, targetMethod, args ?? []);
            return targetMethod.ReturnType.IsValueType && targetMethod.ReturnType != typeof(void) ? Activator.CreateInstance(targetMethod.ReturnType) : null;
        }

        /// <summary>Amazon.Lambda.Core.ILambdaLogger: Log, LogLine, LogError... with an optional level, exception, message and its arguments.</summary>
        private static void Log(string name, MethodInfo method, object?[] args)
        {
            var level = name is "Log" or "LogLine" ? "Information" : name[3..];
            var first = method.GetParameters()[0];
            var skip = 0;
            if (args.Length > 1 && (first.ParameterType.IsEnum || first.Name == "level"))
            {
                level = args[0]?.ToString() ?? level;
                skip = 1;
            }
            var exception = args.OfType<Exception>().FirstOrDefault();
            var message = args.Skip(skip).OfType<string>().FirstOrDefault() ?? "";
            if (args.Length > 0 && args[^1] is object?[] { Length: > 0 } values)
                message = Fill(message, values);
            LambdaConsole.WriteLine(Enum.TryParse<LogLevelName>(level, ignoreCase: true, out var parsed) ? parsed : LogLevelName.Information, message, exception);
        }

        /// <summary>"{count} of {total}" with the values in order.</summary>
        private static string Fill(string template, object?[] values)
        {
            var index = 0;
            return System.Text.RegularExpressions.Regex.Replace(
                template, @"\{[^{}]+\}", m => index < values.Length ? values[index++]?.ToString() ?? "" : m.Value);
        }
    }
}
