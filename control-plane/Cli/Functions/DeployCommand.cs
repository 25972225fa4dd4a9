using System.CommandLine;
using System.Diagnostics;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Functions;

/// <summary><c>hearth deploy PATH</c>: folder or zip → a function that is ready to be invoked.</summary>
internal static class DeployCommand
{
    private static readonly Argument<string> PackagePath = new("PATH") { Description = "Folder with the code and its dependencies, or a .zip of it (zip < 50 MB, unpacked < 250 MB)" };
    private static readonly Option<string> Name = new("--name", "-n") { Description = "Name of the function: 1-64 of a-z A-Z 0-9 - _", Required = true, HelpName = "NAME" };
    private static readonly Option<string> Runtime = new("--runtime", "-r") { Description = "A Lambda runtime id (python3.12, nodejs20.x, dotnet10, provided.al2023) or a language (python, nodejs, dotnet, provided)", Required = true, HelpName = "RUNTIME" };
    private static readonly Option<string> Handler = new("--handler") { Description = "What to call: module.function (python, nodejs), Assembly::Namespace.Type::Method (dotnet), any text for provided, whose bootstrap gets it as _HANDLER", Required = true, HelpName = "HANDLER" };
    private static readonly Option<int?> Memory = SharedOptions.Number("--memory", "Memory in MB, 128-10240; 1769 MB also means one CPU's share. Default: 128", 128, 10240);
    private static readonly Option<int?> Timeout = SharedOptions.Number("--timeout", "Seconds an invocation may take, 1-900. Default: 3", 1, 900);
    private static readonly Option<int?> Tmp = SharedOptions.Number("--tmp", "Space in /tmp in MB, 512-10240. Default: 512", 512, 10240);
    private static readonly Option<string[]> Env = EnvironmentPairs.Create();
    private static readonly Option<bool> NoZygote = new("--no-zygote") { Description = "Execute the interpreter for each instance instead of forking it from one that other functions' are forked from too: slower starts, but no memory layout and no hash secret is shared. The same as --env HEARTH_ZYGOTE=off" };
    private static readonly Option<string> Description = new("--description") { Description = "Free text, at most 256 characters", HelpName = "TEXT" };
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        Name.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string>() is { } name && !IsName(name)) result.AddError($"--name '{name}' is not a name: 1 to 64 letters, digits, - and _");
        });
        var command = new Verb("deploy", "Upload a folder or zip as a function; creates it or replaces its code and settings. Layers, versions and aliases are set with the aws command.",
            "hearth deploy ./thumbnail --name thumbnail --runtime nodejs20.x --handler index.handler --memory 1024 --timeout 30",
            "hearth deploy ./go-service --name service --runtime provided.al2023 --handler any   # a folder with an executable 'bootstrap'")
        {
            PackagePath, Name, Runtime, Handler, Memory, Timeout, Tmp, Env, NoZygote, Description, AsJson,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        using var node = ControlPlane.Connect(parsed);
        using var package = PackageFile.Open(parsed.GetRequiredValue(PackagePath));
        var function = await Upload.SendAsync(node, Settings(parsed), package, showProgress: !parsed.GetValue(AsJson), cancellationToken);
        function = await Activation.WaitAsync(node, function, cancellationToken);
        if (parsed.GetValue(AsJson)) Json.Print(writer => FunctionJson.Write(writer, function));
        else Console.Out.WriteLine(
            $"{function.Settings.FunctionName} is {function.State}: {Units.Bytes(function.CodeSize)} zip, {(function.ResolvedRuntime.Length > 0 ? function.ResolvedRuntime : function.Settings.Runtime)}, " +
            $"{function.Settings.MemoryMb} MB, {function.Settings.TimeoutSeconds} s ({clock.Elapsed.TotalSeconds:0.0} s)");
        return ExitCode.Ok;
    }

    private static bool IsName(string name) => name.Length is > 0 and <= 64 && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_');

    private static FunctionSettings Settings(ParseResult parsed)
    {
        var settings = new FunctionSettings
        {
            FunctionName = parsed.GetRequiredValue(Name),
            Runtime = parsed.GetRequiredValue(Runtime),
            Handler = parsed.GetRequiredValue(Handler),
            Description = parsed.GetValue(Description) ?? "",
        };
        if (parsed.GetValue(Memory) is { } memory) settings.MemoryMb = memory;
        if (parsed.GetValue(Timeout) is { } timeout) settings.TimeoutSeconds = timeout;
        if (parsed.GetValue(Tmp) is { } tmp) settings.EphemeralStorageMb = tmp;
        foreach (var (key, value) in EnvironmentPairs.Read(parsed.GetValue(Env) ?? [])) settings.Environment[key] = value;
        if (parsed.GetValue(NoZygote)) settings.Environment["HEARTH_ZYGOTE"] = "off";
        return settings;
    }
}
