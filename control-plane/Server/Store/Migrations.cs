using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Store;

/// <summary>The schema, as steps that are never edited once released: a database knows how many it has had.</summary>
internal static class Migrations
{
    public static readonly string[] Steps =
    [
        """
        CREATE TABLE functions (
          name TEXT NOT NULL PRIMARY KEY,
          runtime TEXT NOT NULL,
          language TEXT NOT NULL,
          handler TEXT NOT NULL,
          role TEXT NOT NULL,
          description TEXT NOT NULL,
          timeout_seconds INTEGER NOT NULL,
          memory_mb INTEGER NOT NULL,
          ephemeral_storage_mb INTEGER NOT NULL,
          environment BLOB,
          tags BLOB NOT NULL,
          architecture TEXT NOT NULL,
          code_sha256 TEXT NOT NULL,
          code_size INTEGER NOT NULL,
          revision_id TEXT NOT NULL,
          last_modified_unix_ms INTEGER NOT NULL,
          state TEXT NOT NULL,
          state_reason TEXT,
          state_reason_code TEXT,
          last_update TEXT,
          last_update_reason TEXT,
          last_update_reason_code TEXT
        ) WITHOUT ROWID, STRICT;

        -- How far the journal of each agent is in the sums below; written in the same transaction as they are.
        CREATE TABLE journal_positions (
          agent_id TEXT NOT NULL,
          epoch INTEGER NOT NULL,
          last_sequence INTEGER NOT NULL,
          missing INTEGER NOT NULL,
          PRIMARY KEY (agent_id, epoch)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE usage (
          function_name TEXT NOT NULL,
          hour_unix INTEGER NOT NULL,
          requests INTEGER NOT NULL,
          errors INTEGER NOT NULL,
          platform_errors INTEGER NOT NULL,
          cold_starts INTEGER NOT NULL,
          billed_ms INTEGER NOT NULL,
          billed_mb_ms INTEGER NOT NULL,
          duration_us INTEGER NOT NULL,
          max_memory_mb INTEGER NOT NULL,
          PRIMARY KEY (function_name, hour_unix)
        ) WITHOUT ROWID, STRICT;
        """,
        // Versions, aliases and the other things under a function's name; layers; event source mappings; code signing.
        """
        ALTER TABLE functions ADD COLUMN unzipped_size INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE functions ADD COLUMN layers BLOB;
        ALTER TABLE functions ADD COLUMN dead_letter_target TEXT;
        ALTER TABLE functions ADD COLUMN tracing_mode TEXT NOT NULL DEFAULT 'PassThrough';
        ALTER TABLE functions ADD COLUMN published_from TEXT;
        ALTER TABLE functions ADD COLUMN next_version INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE functions ADD COLUMN reserved_concurrency INTEGER;
        ALTER TABLE functions ADD COLUMN code_signing_config_arn TEXT;
        ALTER TABLE functions ADD COLUMN recursive_loop TEXT NOT NULL DEFAULT 'Terminate';

        CREATE TABLE function_versions (
          name TEXT NOT NULL,
          version INTEGER NOT NULL,
          runtime TEXT NOT NULL,
          language TEXT NOT NULL,
          handler TEXT NOT NULL,
          role TEXT NOT NULL,
          description TEXT NOT NULL,
          timeout_seconds INTEGER NOT NULL,
          memory_mb INTEGER NOT NULL,
          ephemeral_storage_mb INTEGER NOT NULL,
          environment BLOB,
          tags BLOB NOT NULL,
          architecture TEXT NOT NULL,
          code_sha256 TEXT NOT NULL,
          code_size INTEGER NOT NULL,
          revision_id TEXT NOT NULL,
          last_modified_unix_ms INTEGER NOT NULL,
          state TEXT NOT NULL,
          state_reason TEXT,
          state_reason_code TEXT,
          last_update TEXT,
          last_update_reason TEXT,
          last_update_reason_code TEXT,
          unzipped_size INTEGER NOT NULL,
          layers BLOB,
          dead_letter_target TEXT,
          tracing_mode TEXT NOT NULL,
          published_from TEXT,
          PRIMARY KEY (name, version)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE function_aliases (
          function TEXT NOT NULL,
          name TEXT NOT NULL,
          version TEXT NOT NULL,
          description TEXT NOT NULL,
          additional_version TEXT,
          additional_weight REAL NOT NULL,
          revision_id TEXT NOT NULL,
          PRIMARY KEY (function, name)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE function_policies (
          function TEXT NOT NULL,
          qualifier TEXT NOT NULL,
          revision_id TEXT NOT NULL,
          statements BLOB NOT NULL,
          PRIMARY KEY (function, qualifier)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE provisioned_concurrency (
          function TEXT NOT NULL,
          qualifier TEXT NOT NULL,
          requested INTEGER NOT NULL,
          last_modified INTEGER NOT NULL,
          PRIMARY KEY (function, qualifier)
        ) WITHOUT ROWID, STRICT;

        -- Read by the queue of asynchronous invocations. Times are unix milliseconds, ages seconds.
        CREATE TABLE event_invoke_configs (
          function TEXT NOT NULL,
          qualifier TEXT NOT NULL,
          maximum_retry_attempts INTEGER,
          maximum_event_age INTEGER,
          on_success TEXT,
          on_failure TEXT,
          last_modified INTEGER NOT NULL,
          PRIMARY KEY (function, qualifier)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE function_urls (
          function TEXT NOT NULL,
          qualifier TEXT NOT NULL,
          url_id TEXT NOT NULL UNIQUE,
          auth_type TEXT NOT NULL,
          cors TEXT,
          invoke_mode TEXT NOT NULL,
          created INTEGER NOT NULL,
          last_modified INTEGER NOT NULL,
          PRIMARY KEY (function, qualifier)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE runtime_management (
          function TEXT NOT NULL,
          qualifier TEXT NOT NULL,
          update_runtime_on TEXT NOT NULL,
          runtime_version_arn TEXT,
          PRIMARY KEY (function, qualifier)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE event_source_mappings (
          uuid TEXT NOT NULL PRIMARY KEY,
          function TEXT NOT NULL,
          qualifier TEXT,
          source_arn TEXT,
          enabled INTEGER NOT NULL,
          settings TEXT NOT NULL,
          last_modified INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE layers (
          name TEXT NOT NULL PRIMARY KEY,
          next_version INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE layer_versions (
          layer TEXT NOT NULL,
          version INTEGER NOT NULL,
          description TEXT NOT NULL,
          license TEXT,
          runtimes TEXT NOT NULL,
          architectures TEXT NOT NULL,
          code_sha256 TEXT NOT NULL,
          code_size INTEGER NOT NULL,
          unzipped_size INTEGER NOT NULL,
          created INTEGER NOT NULL,
          policy_revision TEXT,
          policy BLOB NOT NULL,
          PRIMARY KEY (layer, version)
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE code_signing_configs (
          arn TEXT NOT NULL PRIMARY KEY,
          id TEXT NOT NULL,
          description TEXT NOT NULL,
          publishers TEXT NOT NULL,
          policy TEXT NOT NULL,
          last_modified INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;
        """,
        // Who may call; IAM roles and policies, which are kept for the tools that make them.
        """
        CREATE TABLE access_keys (
          id TEXT NOT NULL PRIMARY KEY,
          secret TEXT NOT NULL,
          role INTEGER NOT NULL,
          name TEXT NOT NULL,
          functions TEXT NOT NULL,
          enabled INTEGER NOT NULL,
          created INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE iam_roles (
          name TEXT NOT NULL PRIMARY KEY,
          id TEXT NOT NULL,
          path TEXT NOT NULL,
          trust_policy TEXT NOT NULL,
          description TEXT NOT NULL,
          max_session_seconds INTEGER NOT NULL,
          permissions_boundary TEXT,
          attached TEXT NOT NULL,
          inline BLOB NOT NULL,
          tags BLOB NOT NULL,
          created INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;

        CREATE TABLE iam_policies (
          arn TEXT NOT NULL PRIMARY KEY,
          id TEXT NOT NULL,
          name TEXT NOT NULL,
          path TEXT NOT NULL,
          description TEXT NOT NULL,
          document TEXT NOT NULL,
          tags BLOB NOT NULL,
          created INTEGER NOT NULL
        ) WITHOUT ROWID, STRICT;
        """,

        // HTTP routes.
        """
        CREATE TABLE routes (
          id TEXT NOT NULL PRIMARY KEY,
          host TEXT NOT NULL,
          method TEXT NOT NULL,
          path TEXT NOT NULL,
          function TEXT NOT NULL,
          qualifier TEXT,
          shape TEXT NOT NULL
        ) WITHOUT ROWID, STRICT;
        """,

        // Versions of managed policies: a JSON map from number to "time document"; null while there is only the first. document stays that of the default one.
        """
        ALTER TABLE iam_policies ADD COLUMN versions BLOB;
        ALTER TABLE iam_policies ADD COLUMN default_version INTEGER NOT NULL DEFAULT 1;
        ALTER TABLE iam_policies ADD COLUMN next_version INTEGER NOT NULL DEFAULT 2;
        """,
    ];

    public static void Apply(SqliteConnection connection, SqliteTransaction transaction, IReadOnlyList<string> steps)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.Transaction = transaction;
        command.CommandText = "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL) STRICT; SELECT COALESCE(MAX(version), 0) FROM schema_version";
        long version = (long)command.ExecuteScalar()!;
        if (version > steps.Count)
            throw new InvalidDataException($"{connection.DataSource}: written by a newer Hearth (schema {version}, this one knows {steps.Count}); start that version, or use another --data");
        for (long next = version + 1; next <= steps.Count; next++)
        {
            command.CommandText = steps[(int)next - 1];
            command.ExecuteNonQuery();
            command.CommandText = $"INSERT INTO schema_version VALUES ({next})";
            command.ExecuteNonQuery();
        }
    }
}
