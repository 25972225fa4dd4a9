using Hearth.ControlPlane.Queue;
using Hearth.ControlPlane.Store;
using Hearth.ControlPlane.Tests.Support;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Hearth.ControlPlane.Tests.Queue;

public class EventInvokeConfigTableTests
{
    [Fact]
    public void ReadsWhatIsThereAndDefaultsTheRest()
    {
        using var folder = new TempFolder();
        using var database = new Database(Path.Join(folder.Path, "hearth.db"));
        var clock = new ManualClock();
        var table = new EventInvokeConfigTable(database, clock);
        Assert.Equal(EventPolicy.Default, table.Of("f", null));
        database.Write((connection, transaction) =>
        {
            using SqliteCommand command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = """
                DROP TABLE IF EXISTS event_invoke_configs;
                CREATE TABLE event_invoke_configs (function TEXT, qualifier TEXT, maximum_retry_attempts INTEGER, maximum_event_age INTEGER, on_success TEXT, on_failure TEXT, last_modified INTEGER);
                INSERT INTO event_invoke_configs VALUES ('f', '$LATEST', 1, 60, 'arn:s', 'arn:f', 0), ('f', 'live', NULL, NULL, NULL, '', 0);
                """;
            return command.ExecuteNonQuery();
        });
        // Kept for a second.
        Assert.Equal(EventPolicy.Default, table.Of("f", null));
        clock.Advance(1);
        var set = new EventPolicy(1, TimeSpan.FromMinutes(1), "arn:s", "arn:f");
        Assert.Equal(set, table.Of("f", null));
        Assert.Equal(set, table.Of("f", "$LATEST"));
        Assert.Equal(EventPolicy.Default, table.Of("f", "live"));
        Assert.Equal(EventPolicy.Default, table.Of("g", null));
    }
}
