using Hearth.Contracts;
using Hearth.ControlPlane.Store;
using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Queue;

/// <summary>
/// The table that the API writes, read whole and kept for a second: it is asked for at each end of an event, and a change may take that long to be seen.
/// Without the table, which a database of an older version has not, everything is at its default.
/// </summary>
public sealed class EventInvokeConfigTable(Database database, TimeProvider time) : IEventInvokeConfigs
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private Dictionary<(string, string), EventPolicy> _rows = [];
    private long _readAt;
    private bool _wasRead;

    public EventPolicy Of(string function, string? qualifier) =>
        Rows().GetValueOrDefault((function, string.IsNullOrEmpty(qualifier) ? FunctionName.Latest : qualifier), EventPolicy.Default);

    private Dictionary<(string, string), EventPolicy> Rows()
    {
        lock (_lock)
        {
            if (_wasRead && time.GetElapsedTime(_readAt) < Freshness)
                return _rows;
            _rows = database.Read(ReadAll);
            _readAt = time.GetTimestamp();
            _wasRead = true;
            return _rows;
        }
    }

    private static Dictionary<(string, string), EventPolicy> ReadAll(SqliteConnection connection)
    {
        var rows = new Dictionary<(string, string), EventPolicy>();
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = 'event_invoke_configs'";
        if ((long)command.ExecuteScalar()! == 0)
            return rows;
        command.CommandText = "SELECT function, qualifier, maximum_retry_attempts, maximum_event_age, on_success, on_failure FROM event_invoke_configs";
        using SqliteDataReader reader = command.ExecuteReader();
        while (reader.Read())
        {
            string qualifier = Text(reader, 1) is { Length: > 0 } given ? given : FunctionName.Latest;
            rows[(reader.GetString(0), qualifier)] = new EventPolicy(
                reader.IsDBNull(2) ? EventPolicy.Default.MaxRetries : Math.Clamp(reader.GetInt32(2), 0, 2),
                reader.IsDBNull(3) ? EventPolicy.Default.MaxAge : TimeSpan.FromSeconds(Math.Clamp(reader.GetInt64(3), 60, 21_600)),
                Text(reader, 4), Text(reader, 5));
        }

        return rows;
    }

    private static string? Text(SqliteDataReader reader, int column) => reader.IsDBNull(column) || reader.GetString(column).Length == 0 ? null : reader.GetString(column);
}
