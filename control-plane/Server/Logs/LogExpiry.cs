namespace Hearth.ControlPlane.Logs;

/// <summary>Clears the disk of what retention says is gone, now and then: readers do not see it in any case.</summary>
public sealed class LogExpiry(LogFile file, TimeProvider time, ILogger<LogExpiry> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        do
        {
            try
            {
                file.Expire(time.GetUtcNow());
            }
            catch (Microsoft.Data.Sqlite.SqliteException e)
            {
                log.LogWarning("logs could not be cleared of what has expired: {Reason}", e.Message);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }
}
