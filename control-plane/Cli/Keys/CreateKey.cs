using System.CommandLine;
using Hearth.Cli.Connection;
using Hearth.Cli.Errors;
using Hearth.Cli.Output;
using Hearth.Cli.Parsing;
using Hearth.Contracts.V1;

namespace Hearth.Cli.Keys;

/// <summary><c>hearth keys create --role ROLE [--name TEXT] [--function NAME ...]</c></summary>
internal static class CreateKey
{
    private static readonly Option<string> Role = new("--role") { Description = "admin (everything), deploy (functions, logs and roles) or invoke (calls functions and looks at them)", Required = true, HelpName = "admin|deploy|invoke" };
    private static readonly Option<string?> Name = new("--name") { Description = "Whose it is, for you: up to 64 letters, digits and +=,.@_-. Default: the key's id", HelpName = "TEXT" };
    private static readonly Option<string[]> Functions = new("--function") { Description = "With --role invoke: only this function (repeat it for more, up to 100)", HelpName = "NAME" };
    private static readonly Option<bool> AsJson = SharedOptions.Json();

    public static Command Create()
    {
        var command = new Verb("create", "Make a key. Its secret is shown this once.", "hearth keys create --role deploy --name ci") { Role, Name, Functions, AsJson };
        Role.Validators.Add(static result =>
        {
            if (result.GetValueOrDefault<string>() is { } role && KeyText.RoleOf(role) == AccessRole.Unspecified) result.AddError($"--role '{role}' is not a role: write admin, deploy or invoke");
        });
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        using var node = ControlPlane.Connect(parsed);
        var request = new CreateKeyRequest { Role = KeyText.RoleOf(parsed.GetRequiredValue(Role)), Name = parsed.GetValue(Name) ?? "" };
        request.Functions.AddRange(parsed.GetValue(Functions) ?? []);
        var made = await node.Keys.CreateKeyAsync(request, cancellationToken: cancellationToken);
        if (parsed.GetValue(AsJson))
        {
            // Members as AWS's CreateAccessKey names them.
            Json.Print(writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartObject("AccessKey");
                writer.WriteString("UserName", made.Key.Name);
                writer.WriteString("AccessKeyId", made.Key.KeyId);
                writer.WriteString("Status", "Active");
                writer.WriteString("SecretAccessKey", made.Secret);
                writer.WriteEndObject();
                writer.WriteEndObject();
            });
        }
        else
        {
            Console.Out.WriteLine($"""
                AWS_ACCESS_KEY_ID={made.Key.KeyId}
                AWS_SECRET_ACCESS_KEY={made.Secret}
                """);
            Console.Error.WriteLine("the secret is not shown again");
        }
        if (made.IsFirst) Console.Error.WriteLine("this is the first key: from now on every request to the node must be signed (this command needs no key: it uses the node's socket)");
        return ExitCode.Ok;
    }
}
