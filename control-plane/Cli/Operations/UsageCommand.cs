using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Operations;

/// <summary><c>hearth usage</c>: requests, GB-seconds and their price, by function.</summary>
internal static class UsageCommand
{
    private static readonly Argument<string?> Name = new("NAME") { Description = "Only this function", Arity = ArgumentArity.ZeroOrOne };
    private static readonly Option<string> Since = Durations.Since("Only the hours that this age touches (usage is kept by the hour)");
    private static readonly Option<bool> AsJson = SharedOptions.Json();
    private static readonly Option<bool> AsCsv = new("--csv") { Description = "Print CSV (RFC 4180) with a header line" };

    public static Command Create()
    {
        var command = new Verb("usage", "Show requests, GB-seconds and cost by function.", "hearth usage --since 7d --csv > usage.csv") { Name, Since, AsJson, AsCsv };
        command.Validators.Add(result =>
        {
            if (result.GetValue(AsJson) && result.GetValue(AsCsv)) result.AddError("--json and --csv exclude each other");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var usage = await node.Operations.GetUsageAsync(new GetUsageRequest
        {
            FunctionName = parsed.GetValue(Name) ?? "",
            SinceUnixMs = Durations.ToUnixMs(parsed.GetValue(Since), TimeProvider.System),
        }, cancellationToken: cancellationToken);
        if (parsed.GetValue(AsJson)) UsageFormats.PrintJson(usage);
        else if (parsed.GetValue(AsCsv)) UsageFormats.PrintCsv(usage);
        else PrintTable(usage);
        return ExitCode.Ok;
    }

    private static void PrintTable(GetUsageResponse usage)
    {
        var table = Tables.Create("FUNCTION", ">REQUESTS", ">ERRORS", ">COLD", ">BILLED", ">GB-S", ">MAX MEMORY", ">COST");
        foreach (var function in usage.Functions)
            table.Row(function.FunctionName, Units.Count(function.Requests), Units.Count(function.Errors), Units.Count(function.ColdStarts),
                $"{Units.Count(function.BilledMs)} ms", $"{UsageFormats.GbSeconds(function):0.000}", $"{function.MaxMemoryMb} MB", Units.Dollars(function.Cost));
        table.Row("TOTAL", Units.Count(usage.Functions.Sum(one => one.Requests)), Units.Count(usage.Functions.Sum(one => one.Errors)),
            Units.Count(usage.Functions.Sum(one => one.ColdStarts)), $"{Units.Count(usage.Functions.Sum(one => one.BilledMs))} ms",
            $"{usage.Functions.Sum(UsageFormats.GbSeconds):0.000}", "", Units.Dollars(usage.Functions.Sum(one => one.Cost)));
        Tables.Print(table);
        Console.Out.WriteLine($"prices: ${usage.PricePerMillionRequests:0.####} a million requests, ${usage.PricePerGbSecond:0.##########} a GB-second");
    }
}
