using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Hearth.Runtime;

/// <summary>
/// Console.Out and Console.Error as AWS's .NET runtime has them: each line gets time, request id and level, or becomes a JSON object
/// (AWS_LAMBDA_LOG_FORMAT=JSON). AWS_LAMBDA_HANDLER_LOG_FORMAT=Unformatted leaves lines as they are.
/// </summary>
internal static class LambdaConsole
{
    private static LineWriter? s_out;
    private static LineWriter? s_error;

    public static string RequestId { get; set; } = "";

    public static string? TenantId { get; set; }

    public static void Install()
    {
        var json = string.Equals(Environment.GetEnvironmentVariable("AWS_LAMBDA_LOG_FORMAT"), "JSON", StringComparison.OrdinalIgnoreCase);
        var plain = string.Equals(
            Environment.GetEnvironmentVariable("AWS_LAMBDA_HANDLER_LOG_FORMAT"), "Unformatted", StringComparison.OrdinalIgnoreCase);
        s_out = new LineWriter(Console.OpenStandardOutput(), LogLevelName.Information, json, plain && !json);
        s_error = new LineWriter(Console.OpenStandardError(), LogLevelName.Error, json, plain && !json);
        Console.SetOut(s_out);
        Console.SetError(s_error);
    }

    public static void WriteLine(LogLevelName level, string message, Exception? exception = null) => s_out?.WriteEvent(level, message, exception);

    public static void WriteFailure(Exception exception) => s_error?.WriteEvent(LogLevelName.Error, "", exception);

    public static void Flush()
    {
        Console.Out.Flush();
        Console.Error.Flush();
    }

    /// <summary>Collects a line and writes it as one event, so that lines of several threads do not mix.</summary>
    private sealed class LineWriter(Stream stream, LogLevelName level, bool json, bool plain) : TextWriter(CultureInfo.InvariantCulture)
    {
        private readonly StringBuilder _line = new();

        public override Encoding Encoding => new UTF8Encoding(false);

        public override void Write(char value)
        {
            lock (_line)
                Append(value);
        }

        public override void Write(char[] buffer, int index, int count) => Write(buffer.AsSpan(index, count));

        public override void Write(string? value) => Write(value.AsSpan());

        public override void Write(ReadOnlySpan<char> buffer)
        {
            lock (_line)
            {
                foreach (var value in buffer)
                    Append(value);
            }
        }

        public override void WriteLine(string? value)
        {
            lock (_line)
            {
                Write(value.AsSpan());
                Append('\n');
            }
        }

        public override void Flush()
        {
            lock (_line)
            {
                if (_line.Length > 0)
                    Append('\n');
                stream.Flush();
            }
        }

        public void WriteEvent(LogLevelName eventLevel, string message, Exception? exception)
        {
            lock (_line)
                Emit(eventLevel, message, exception);
        }

        private void Append(char value)
        {
            if (value != '\n')
            {
                _line.Append(value);
                return;
            }
            var text = _line.ToString();
            _line.Clear();
            Emit(level, text, null);
        }

        private void Emit(LogLevelName eventLevel, string message, Exception? exception)
        {
            if (json)
            {
                stream.Write(JsonLine(eventLevel, message, exception));
                return;
            }
            var text = exception is null ? message : message.Length == 0 ? exception.ToString() : $"{message}\n{exception}";
            // A carriage return keeps an event on one line, as Lambda's other runtimes do.
            text = text.Replace("\r\n", "\r", StringComparison.Ordinal).Replace('\n', '\r');
            var prefix = plain
                ? ""
                : $"{DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fff", CultureInfo.InvariantCulture)}Z\t{RequestId}\t{Label(eventLevel)}\t";
            stream.Write(Encoding.UTF8.GetBytes(prefix + text + "\n"));
        }

        private static byte[] JsonLine(LogLevelName level, string message, Exception? exception)
        {
            using var buffer = new MemoryStream();
            using (var writer = new Utf8JsonWriter(buffer))
            {
                writer.WriteStartObject();
                writer.WriteString("timestamp", DateTime.UtcNow.ToString("yyyy-MM-ddTHH:mm:ss.fff", CultureInfo.InvariantCulture) + "Z");
                writer.WriteString("level", level.ToString());
                writer.WriteString("requestId", RequestId);
                if (TenantId is not null)
                    writer.WriteString("tenantId", TenantId);
                writer.WriteString("message", message);
                if (exception is not null)
                {
                    writer.WriteString("errorType", exception.GetType().FullName);
                    writer.WriteString("errorMessage", exception.Message);
                    writer.WriteStartArray("stackTrace");
                    foreach (var line in ExceptionJson.StackLines(exception))
                        writer.WriteStringValue(line);
                    writer.WriteEndArray();
                }
                writer.WriteEndObject();
            }
            buffer.WriteByte((byte)'\n');
            return buffer.ToArray();
        }

        private static string Label(LogLevelName level) => level switch
        {
            LogLevelName.Trace => "trce",
            LogLevelName.Debug => "dbug",
            LogLevelName.Information => "info",
            LogLevelName.Warning => "warn",
            LogLevelName.Error => "fail",
            _ => "crit",
        };
    }
}

/// <summary>The levels of Amazon.Lambda.Core.LogLevel.</summary>
internal enum LogLevelName
{
    Trace,
    Debug,
    Information,
    Warning,
    Error,
    Critical,
}
