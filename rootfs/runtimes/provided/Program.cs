using Hearth.Adapter.Processes;

namespace Hearth.Adapter;

/// <summary>
/// /var/runtime/hearth-adapter: frames of the agent on descriptors 3 and 4 on one side, Lambda's Runtime, Extensions, Telemetry and Logs APIs on a loopback port
/// on the other. One thread, one epoll set. It runs with the tenant's own rights: whatever is asked of it, the worst that happens is that this sandbox ends.
/// </summary>
internal static class Program
{
    private static int Main(string[] arguments)
    {
        if (AdapterOptions.TryParse(arguments, out var options) is { } problem)
        {
            Descriptors.WriteError($"hearth-adapter: {problem}\n");
            return 2;
        }
        try
        {
            return new Sandbox(options).Run();
        }
        catch (Exception e) when (e is Wire.WireException or IOException)
        {
            Descriptors.WriteError($"hearth-adapter: {e.Message}\n");
            return 1;
        }
    }
}
