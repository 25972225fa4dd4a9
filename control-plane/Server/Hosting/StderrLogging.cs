using System.Text;

namespace Hearth.ControlPlane.Hosting;

/// <summary>One line an event on stderr: time, level, text. A service manager adds the rest.</summary>
internal sealed class StderrLogging : ILoggerProvider
{
    private static readonly Stream Stderr = Console.OpenStandardError();

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
    }

    private sealed class Logger(string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel))
                return;
            var line = new StringBuilder($"{DateTime.UtcNow:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {Name(logLevel)} {category}: ");
            Append(line, formatter(state, exception));
            if (exception is not null)
                Append(line.Append(" | "), exception.ToString());
            byte[] bytes = Encoding.UTF8.GetBytes(line.Append('\n').ToString());
            lock (Stderr)
                Stderr.Write(bytes);
        }

        // What a client wrote must not be able to start a line of its own.
        private static void Append(StringBuilder line, string text)
        {
            foreach (char c in text)
                line.Append(char.IsControl(c) ? ' ' : c);
        }

        private static string Name(LogLevel level) => level switch
        {
            LogLevel.Information => "info",
            LogLevel.Warning => "warn",
            _ => "error",
        };
    }
}
