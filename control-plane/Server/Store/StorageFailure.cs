using Hearth.Contracts;
using Microsoft.Data.Sqlite;

namespace Hearth.ControlPlane.Store;

/// <summary>What people are told when the disk of the control plane is the cause: that it is full is theirs to know and to mend.</summary>
public static class StorageFailure
{
    private const int SqliteIoError = 10, SqliteFull = 13;
    private const int NoSpace = 28, QuotaExceeded = 122;

    // What .NET makes of ENOSPC in some of its calls.
    private const int DiskFull = unchecked((int)0x80070070);

    /// <summary>The store could not be read or written now; the same may work later.</summary>
    public static bool Is(Exception e) => e is SqliteException { SqliteErrorCode: SqliteIoError or SqliteFull } or IOException;

    /// <summary>The answer to a caller whose request failed with this.</summary>
    public static LambdaError Describe(Exception e) => e switch
    {
        SqliteException { SqliteErrorCode: SqliteFull } or IOException { HResult: NoSpace or QuotaExceeded or DiskFull } =>
            LambdaError.Service("The disk of the control plane's data directory is full: nothing was changed; make room there and try again."),
        SqliteException { SqliteErrorCode: SqliteIoError } =>
            LambdaError.Service("The control plane's database cannot be read or written (the disk may be full or failing): nothing was changed; its log says more."),
        _ => LambdaError.Service("The control plane failed; its log says why."),
    };
}
