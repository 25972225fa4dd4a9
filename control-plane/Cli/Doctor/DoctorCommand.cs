using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Spectre.Console;

namespace Hearth.Cli.Doctor;

/// <summary><c>hearth doctor</c>: what this machine has for Hearth, what is absent, what that changes and how to mend it. Needs no node.</summary>
internal static class DoctorCommand
{
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("doctor", "Check what this machine has for Hearth. Exit code 0 when it can run, 1 when not.", "sudo hearth doctor") { AsJson };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        List<Finding> findings = [.. KernelChecks.All(), .. CgroupChecks.All(), .. LimitChecks.All(), .. StorageChecks.All(NodeLocation.Of(parsed)), .. OwnershipChecks.All(NodeLocation.Of(parsed)), .. PackageChecks.All(), .. ExposureChecks.All()];
        var missing = findings.Count(finding => finding.Verdict == Verdict.Missing);
        if (parsed.GetValue(AsJson)) PrintJson(findings, missing);
        else PrintText(findings, missing);
        return missing == 0 ? ExitCode.Ok : ExitCode.FunctionError;
    }

    private static void PrintText(List<Finding> findings, int missing)
    {
        var area = "";
        foreach (var finding in findings)
        {
            if (finding.Area != area) Terminal.Out.Write(new Text((area.Length > 0 ? "\n" : "") + (area = finding.Area) + "\n", new Style(decoration: Decoration.Bold)));
            var (mark, colour) = finding.Verdict switch
            {
                Verdict.Ok => ("ok     ", Color.Green),
                Verdict.Limited => ("limited", Color.Yellow),
                Verdict.Missing => ("MISSING", Color.Red),
                _ => ("note   ", Color.Blue),
            };
            Terminal.Out.Write(new Text("  " + mark, new Style(colour)));
            Console.Out.WriteLine($"  {finding.Name}: {finding.Found}");
            if (finding.Effect.Length > 0) Console.Out.WriteLine($"             {finding.Effect}");
            if (finding.Fix.Length > 0) Console.Out.WriteLine($"             fix: {finding.Fix}");
        }
        var limited = findings.Count(finding => finding.Verdict == Verdict.Limited);
        Console.Out.WriteLine(missing == 0 ? $"\nHearth can run here ({limited} limited)." : $"\nHearth cannot run here: {missing} missing.");
    }

    private static void PrintJson(List<Finding> findings, int missing) => Json.Print(writer =>
    {
        writer.WriteStartObject();
        writer.WriteBoolean("CanRun", missing == 0);
        writer.WriteStartArray("Findings");
        foreach (var finding in findings)
        {
            writer.WriteStartObject();
            writer.WriteString("Area", finding.Area);
            writer.WriteString("Name", finding.Name);
            writer.WriteString("Verdict", finding.Verdict switch { Verdict.Ok => "ok", Verdict.Limited => "limited", Verdict.Missing => "missing", _ => "note" });
            writer.WriteString("Found", finding.Found);
            writer.WriteString("Effect", finding.Effect);
            writer.WriteString("Fix", finding.Fix);
            writer.WriteEndObject();
        }
        writer.WriteEndArray();
        writer.WriteEndObject();
    });
}
