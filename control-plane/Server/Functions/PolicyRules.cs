using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Hearth.Contracts;

namespace Hearth.ControlPlane.Functions;

/// <summary>What AddPermission asks for; null = not given.</summary>
public sealed record PermissionInput(
    string Sid, string Action, string Principal, string? SourceArn = null, string? SourceAccount = null, string? EventSourceToken = null, string? PrincipalOrgId = null,
    string? FunctionUrlAuthType = null, bool? InvokedViaFunctionUrl = null);

/// <summary>Resource policies of functions and layer versions: statements in IAM's JSON, kept and shown. Nothing is enforced while there are no keys.</summary>
internal static class PolicyRules
{
    private const int MaxBytes = 20_480;

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="before">Null when there is none.</param>
    /// <exception cref="LambdaException">409 for an id that is taken, 400 for a principal that is none or a policy over 20 KB.</exception>
    public static PolicyDefinition Add(PolicyDefinition? before, string function, string qualifier, PermissionInput input, string resource, out PolicyStatement added)
    {
        ImmutableList<PolicyStatement> statements = before?.Statements ?? [];
        if (statements.Exists(s => s.Sid == input.Sid))
        {
            throw new LambdaException(LambdaError.ResourceConflict(
                $"The statement id ({input.Sid}) provided already exists. Please provide a new statement id, or remove the existing statement."));
        }

        added = new PolicyStatement(input.Sid, Statement(input, resource));
        var policy = new PolicyDefinition(function, qualifier, Guid.NewGuid().ToString(), statements.Add(added));
        if (Encoding.UTF8.GetByteCount(Document(policy)) > MaxBytes)
            throw new LambdaException(new LambdaError(400, "PolicyLengthExceededException", $"The final policy size is bigger than the limit ({MaxBytes}).", LambdaErrorBody.TypeAndLowerCaseMessage));
        return policy;
    }

    /// <returns>Null when it was the last.</returns>
    /// <exception cref="LambdaException">404 when there is no such statement.</exception>
    public static PolicyDefinition? Remove(PolicyDefinition? policy, string sid)
    {
        if (policy is null)
            throw new LambdaException(LambdaError.ResourceNotFound("No policy is associated with the given resource."));
        ImmutableList<PolicyStatement> left = policy.Statements.RemoveAll(s => s.Sid == sid);
        if (left.Count == policy.Statements.Count)
            throw new LambdaException(LambdaError.ResourceNotFound($"Statement {sid} is not found in resource policy."));
        return left.IsEmpty ? null : policy with { Statements = left, RevisionId = Guid.NewGuid().ToString() };
    }

    /// <summary>The whole policy as GetPolicy gives it.</summary>
    public static string Document(PolicyDefinition policy) =>
        $$"""{"Version":"2012-10-17","Id":"default","Statement":[{{string.Join(',', policy.Statements.Select(s => s.Json))}}]}""";

    private static string Statement(PermissionInput input, string resource)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            writer.WriteString("Sid", input.Sid);
            writer.WriteString("Effect", "Allow");
            Principal(writer, input.Principal);
            writer.WriteString("Action", input.Action);
            writer.WriteString("Resource", resource);
            Conditions(writer, input);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Principal(Utf8JsonWriter writer, string principal)
    {
        if (principal == "*")
        {
            writer.WriteString("Principal", "*");
            return;
        }

        (string kind, string value) = principal switch
        {
            { Length: 12 } when principal.All(char.IsAsciiDigit) => ("AWS", $"arn:aws:iam::{principal}:root"),
            _ when principal.StartsWith("arn:", StringComparison.Ordinal) => ("AWS", principal),
            _ when principal.Contains('.', StringComparison.Ordinal) => ("Service", principal),
            _ => throw new LambdaException(LambdaError.InvalidParameterValue("The provided principal was invalid. Please check the principal and try again.")),
        };
        writer.WriteStartObject("Principal");
        writer.WriteString(kind, value);
        writer.WriteEndObject();
    }

    private static void Conditions(Utf8JsonWriter writer, PermissionInput input)
    {
        (string Operator, string Key, string? Value)[] all =
        [
            ("ArnLike", "AWS:SourceArn", input.SourceArn),
            ("Bool", "lambda:InvokedViaFunctionUrl", input.InvokedViaFunctionUrl switch { null => null, true => "true", false => "false" }),
            ("StringEquals", "AWS:SourceAccount", input.SourceAccount),
            ("StringEquals", "aws:PrincipalOrgID", input.PrincipalOrgId),
            ("StringEquals", "lambda:EventSourceToken", input.EventSourceToken),
            ("StringEquals", "lambda:FunctionUrlAuthType", input.FunctionUrlAuthType),
        ];
        var given = all.Where(c => c.Value is not null).GroupBy(c => c.Operator).ToList();
        if (given.Count == 0)
            return;
        writer.WriteStartObject("Condition");
        foreach (var group in given)
        {
            writer.WriteStartObject(group.Key);
            foreach ((_, string key, string? value) in group)
                writer.WriteString(key, value);
            writer.WriteEndObject();
        }

        writer.WriteEndObject();
    }
}
