using System.Text.Json;
using Hearth.Cli.Output;
using Hearth.Contracts.V1;
using Spectre.Console;

namespace Hearth.Cli.Operations;

/// <summary>Instances as <c>ps</c> and <c>top</c> show them.</summary>
internal static class InstanceTable
{
    public static Table Create(IEnumerable<Instance> instances, TimeProvider clock)
    {
        var table = Tables.Create("INSTANCE", "FUNCTION", "STATE", ">AGE", ">LAST USED", ">MEMORY", ">PEAK", ">LIMIT", ">CPU", ">INVOCATIONS", ">INIT", "WHY");
        foreach (var instance in instances.OrderBy(one => one.FunctionName, StringComparer.Ordinal).ThenBy(one => one.StartedUnixMs))
            table.Row(Short(instance.InstanceId), instance.FunctionName, instance.State, Units.AgeSince(instance.StartedUnixMs, clock), Units.AgeSince(instance.LastUsedUnixMs, clock),
                Units.Bytes(instance.MemoryBytes), Units.Bytes(instance.MemoryPeakBytes), Units.Bytes(instance.MemoryLimitBytes),
                Units.Milliseconds(instance.CpuUsec / 1000.0), Units.Count(instance.Invocations), $"{instance.InitMillis} ms", instance.StartReason);
        return table;
    }

    public static void Write(Utf8JsonWriter writer, Instance instance)
    {
        writer.WriteStartObject();
        writer.WriteString("InstanceId", instance.InstanceId);
        writer.WriteString("FunctionName", instance.FunctionName);
        writer.WriteString("Version", instance.Version);
        writer.WriteString("State", instance.State);
        writer.WriteNumber("StartedUnixMs", instance.StartedUnixMs);
        writer.WriteNumber("LastUsedUnixMs", instance.LastUsedUnixMs);
        writer.WriteNumber("MemoryBytes", instance.MemoryBytes);
        writer.WriteNumber("MemoryPeakBytes", instance.MemoryPeakBytes);
        writer.WriteNumber("MemoryLimitBytes", instance.MemoryLimitBytes);
        writer.WriteNumber("CpuUsec", instance.CpuUsec);
        writer.WriteNumber("Invocations", instance.Invocations);
        writer.WriteNumber("InitMillis", instance.InitMillis);
        writer.WriteString("StartReason", instance.StartReason);
        writer.WriteEndObject();
    }

    private static string Short(string id) => id.Length > 12 ? id[..12] : id;
}
