using Hearth.Contracts;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Functions;

/// <param name="Publishers">ARNs of signing profile versions, 1-20.</param>
/// <param name="Policy">Warn or Enforce: what happens to code that is not signed.</param>
public sealed record CodeSigningConfig(string Arn, string Id, string Description, IReadOnlyList<string> Publishers, string Policy, DateTimeOffset LastModified);

/// <summary>
/// Code signing configurations. No zip that comes here is signed by AWS Signer, so one that enforces signatures refuses every deployment, and one that warns lets
/// all pass: what AWS does with unsigned code.
/// </summary>
public sealed class CodeSigningService
{
    private static readonly RowTable<CodeSigningConfig> Rows = new(
        "code_signing_configs", ["arn", "id", "description", "publishers", "policy", "last_modified"], 1,
        c => [c.Arn, c.Id, c.Description, string.Join('\n', c.Publishers), c.Policy, c.LastModified.ToUnixTimeMilliseconds()],
        r => new CodeSigningConfig(r.GetString(0), r.GetString(1), r.GetString(2), r.GetString(3).Split('\n'), r.GetString(4), r.Time(5)));

    private readonly RowStore<CodeSigningConfig> _configs;
    private readonly FunctionStore _functions;
    private readonly FunctionAddress _address;
    private readonly TimeProvider _time;

    public CodeSigningService(Database database, FunctionStore functions, FunctionAddress address, TimeProvider time)
    {
        _configs = new RowStore<CodeSigningConfig>(database, Rows, c => c.Arn);
        _functions = functions;
        _address = address;
        _time = time;
    }

    public CodeSigningConfig Create(string? description, IReadOnlyList<string> publishers, string? policy)
    {
        string id = "csc-" + RandomText.Of(17);
        var made = new CodeSigningConfig(
            $"arn:aws:lambda:{_address.Region}:{_address.Account}:code-signing-config:{id}", id, description ?? "", publishers, policy ?? "Warn", _time.GetUtcNow());
        return _configs.Change(made.Arn, (_, _) => made)!;
    }

    public CodeSigningConfig Get(string arn) => _configs.Current.GetValueOrDefault(arn) ?? throw NotFound(arn);

    public Page<CodeSigningConfig> List(int? maxItems, string? marker) => Paging.Of(_configs.Current.Values, c => c.Arn, maxItems, marker);

    public CodeSigningConfig Update(string arn, string? description, IReadOnlyList<string>? publishers, string? policy) => _configs.Change(arn, (before, _) => before is null
        ? throw NotFound(arn)
        : before with
        {
            Description = description ?? before.Description,
            Publishers = publishers ?? before.Publishers,
            Policy = policy ?? before.Policy,
            LastModified = _time.GetUtcNow(),
        })!;

    public void Delete(string arn) => _functions.WhileUnchanged(() => _configs.Change(arn, (before, _) => before is null ? throw NotFound(arn)
        : _functions.Current.Values.Any(f => f.CodeSigningConfigArn == arn)
        ? throw new LambdaException(LambdaError.ResourceConflict("There are existing functions using this code signing configuration. Please remove them first."))
        : null));

    public Page<string> FunctionsOf(string arn, int? maxItems, string? marker)
    {
        Get(arn);
        return Paging.Of(_functions.Current.Values.Where(f => f.CodeSigningConfigArn == arn).Select(f => _address.Arn(f.Name)), a => a, maxItems, marker);
    }

    /// <param name="arn">Null takes it away.</param>
    public void Attach(FunctionName function, string? arn) => _functions.Change(function.Name, before =>
    {
        FunctionEntry entry = before ?? throw _address.NotFound(function);
        RequireKnown(arn);
        return entry with { CodeSigningConfigArn = arn };
    });

    /// <summary>Code comes to a function under this configuration.</summary>
    /// <exception cref="LambdaException">It is not known, or enforces signatures.</exception>
    public void CheckDeployment(string? arn)
    {
        RequireKnown(arn);
        if (arn is not null && Get(arn).Policy == "Enforce")
        {
            throw new LambdaException(new LambdaError(
                400, "CodeVerificationFailedException", "The code signature failed one or more of the validation checks for signature mismatch or expiry: the zip is not signed.",
                LambdaErrorBody.TypeAndUpperCaseMessage));
        }
    }

    private void RequireKnown(string? arn)
    {
        if (arn is not null && !_configs.Current.ContainsKey(arn))
        {
            throw new LambdaException(new LambdaError(
                404, "CodeSigningConfigNotFoundException", $"The code signing configuration cannot be found. Check that the provided configuration is not deleted: {arn}.",
                LambdaErrorBody.TypeAndUpperCaseMessage));
        }
    }

    private static LambdaException NotFound(string arn) =>
        new(LambdaError.ResourceNotFound($"The code signing configuration cannot be found. Check that the provided configuration is not deleted: {arn}."));
}

internal static class RandomText
{
    /// <summary>Lower-case letters and digits that nobody can guess.</summary>
    public static string Of(int length) => System.Security.Cryptography.RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", length);
}
