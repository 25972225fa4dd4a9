using System.Globalization;
using System.Text;
using Hearth.Contracts;
using Hearth.Contracts.V1;

namespace Hearth.Agent.Ingress;

/// <summary>
/// GET /metrics in Prometheus's text format (0.0.4), to programs of this machine only, with or without access keys: scrapers cannot sign. No label is a function's
/// name or anything else that tenants choose.
/// </summary>
internal sealed class MetricsEndpoint(Func<Capacity> describe)
{
    public async Task HandleAsync(HttpContext context)
    {
        if (LocalModeGuard.Check(context.Request) is not null)
            throw new LambdaException(LambdaError.AccessDenied("Metrics are for programs of this machine: ask for http://127.0.0.1:PORT/metrics there, not through a proxy."));
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        await context.Response.WriteAsync(Text(describe()), context.RequestAborted);
    }

    internal static string Text(Capacity capacity)
    {
        var text = new StringBuilder();
        Family("hearth_starts_total", "counter", "Initialisations of runtimes by why they were needed; nobody waited for provisioned, spare and predicted ones.");
        foreach (var start in capacity.Starts)
            text.Append(CultureInfo.InvariantCulture, $"hearth_starts_total{{reason=\"{start.Reason}\"}} {start.Count}\n");
        One("hearth_invocations_total", "counter", "Invocations that ended, refused ones that had been taken in included.", capacity.Invocations);
        One("hearth_instances", "gauge", "Instances that exist.", capacity.Instances);
        One("hearth_instances_busy", "gauge", "Instances that work on an event.", capacity.Busy);
        One("hearth_memory_used_bytes", "gauge", "Memory settings of all instances together.", capacity.MemoryUsedBytes);
        One("hearth_memory_budget_bytes", "gauge", "What they may reach.", capacity.MemoryBudgetBytes);
        One("hearth_memory_brake", "gauge", "0 = off; 1 = the machine is short of memory and nothing is started ahead of need; 2 = idle instances are ended for it.", capacity.MemoryBrake);
        return text.ToString();

        void Family(string name, string type, string help) => text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

        void One(string name, string type, string help, long value)
        {
            Family(name, type, help);
            text.Append(CultureInfo.InvariantCulture, $"{name} {value}\n");
        }
    }
}
