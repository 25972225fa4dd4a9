using System.Text;
using Hearth.Agent.Ingress.Web;

namespace Hearth.Agent.Hosting;

/// <summary>One line an event on stderr: time, level, text. A service manager adds the rest.</summary>
internal sealed class StderrLogging(LogLevel lowest = LogLevel.Information) : ILoggerProvider
{
    private static readonly Stream s_stderr = Console.OpenStandardError();

    public ILogger CreateLogger(string categoryName)
    {
        var ours = !categoryName.StartsWith("Microsoft.", StringComparison.Ordinal);
        return new Logger(categoryName[(categoryName.LastIndexOf('.') + 1)..], ours ? lowest : LogLevel.Warning);
    }

    public void Dispose()
    {
    }

    private sealed class Logger(string category, LogLevel lowest) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= lowest;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            // The server tells of every answer that is cut off; functions fail as they like, and their own log says why.
            if (!IsEnabled(logLevel) || exception is CutOffException)
                return;
            var level = logLevel switch
            {
                LogLevel.Information => "info",
                LogLevel.Warning => "warn",
                LogLevel.Debug or LogLevel.Trace => "debug",
                _ => "error",
            };
            var line = new StringBuilder($"{DateTime.UtcNow:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {level} {category}: ");
            Append(line, formatter(state, exception));
            if (exception is not null)
                Append(line.Append(" | "), exception.ToString());
            var bytes = Encoding.UTF8.GetBytes(line.Append('\n').ToString());
            lock (s_stderr)
                s_stderr.Write(bytes);
        }

        // What a client wrote must not be able to start a line of its own.
        private static void Append(StringBuilder line, string text)
        {
            foreach (var c in text)
                line.Append(char.IsControl(c) ? ' ' : c);
        }
    }
}
