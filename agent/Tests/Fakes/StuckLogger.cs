using Microsoft.Extensions.Logging;

namespace Hearth.Agent.Tests.Fakes;

/// <summary>The first error that it is told holds the one who tells until <see cref="Release"/>: code that waits for a disk, at a place of the test's choice.</summary>
internal sealed class StuckLogger : ILogger, IDisposable
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _released = new();

    public Task Reached => _reached.Task.WaitAsync(TimeSpan.FromSeconds(60));

    public void Release() => _released.Set();

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel < LogLevel.Error || !_reached.TrySetResult())
            return;
        _released.Wait();
    }

    public void Dispose()
    {
        _released.Set();
        _released.Dispose();
    }
}
