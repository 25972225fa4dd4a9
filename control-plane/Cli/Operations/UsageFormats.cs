using System.Buffers;
using System.Globalization;
using Hearth.Cli.Output;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Operations;

/// <summary>Usage for spreadsheets and scripts.</summary>
internal static class UsageFormats
{
    private static readonly SearchValues<char> Special = SearchValues.Create("\",\r\n");

    public static double GbSeconds(FunctionUsage function) => function.BilledMbMs / 1024.0 / 1000.0;

    public static void PrintCsv(GetUsageResponse usage)
    {
        Console.Out.Write("function,requests,errors,cold_starts,billed_ms,billed_mb_ms,gb_seconds,duration_us,max_memory_mb,cost_usd\r\n");
        foreach (var one in usage.Functions)
            Console.Out.Write(string.Create(CultureInfo.InvariantCulture,
                $"{Field(one.FunctionName)},{one.Requests},{one.Errors},{one.ColdStarts},{one.BilledMs},{one.BilledMbMs},{GbSeconds(one):0.######},{one.DurationUs},{one.MaxMemoryMb},{one.Cost:0.############}\r\n"));
    }

    public static void PrintJson(GetUsageResponse usage) => Json.Print(writer =>
    {
        writer.WriteStartObject();
        writer.WriteNumber("PricePerMillionRequests", usage.PricePerMillionRequests);
        writer.WriteNumber("PricePerGbSecond", usage.PricePerGbSecond);
        writer.WriteStartArray("Functions");
        foreach (var one in usage.Functions)
        {
            writer.WriteStartObject();
            writer.WriteString("FunctionName", one.FunctionName);
            writer.WriteNumber("Requests", one.Requests);
            writer.WriteNumber("Errors", one.Errors);
            writer.WriteNumber("ColdStarts", one.ColdStarts);
            writer.WriteNumber("BilledMs", one.BilledMs);
            writer.WriteNumber("BilledMbMs", one.BilledMbMs);
            writer.WriteNumber("GbSeconds", GbSeconds(one));
            writer.WriteNumber("DurationUs", one.DurationUs);
            writer.WriteNumber("MaxMemoryMb", one.MaxMemoryMb);
            writer.WriteNumber("CostUsd", one.Cost);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    });

    private static string Field(string text) => text.AsSpan().IndexOfAny(Special) < 0 ? text : $"\"{text.Replace("\"", "\"\"")}\"";
}
