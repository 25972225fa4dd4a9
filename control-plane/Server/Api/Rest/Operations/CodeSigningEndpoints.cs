using System.Text.Json;
using Hearth.Contracts;
using Hearth.ControlPlane.Functions;

namespace Hearth.ControlPlane.Api.Rest.Operations;

public sealed class CodeSigningEndpoints(CodeSigningService signing, FunctionService functions, FunctionAddress address) : IRestOperations
{
    public IEnumerable<(string Operation, Func<RestCall, RestAnswer> Handler)> Handlers =>
    [
        ("CreateCodeSigningConfig", Create), ("GetCodeSigningConfig", call => Answer(StatusCodes.Status200OK, signing.Get(Arn(call)))), ("ListCodeSigningConfigs", List),
        ("UpdateCodeSigningConfig", Update), ("DeleteCodeSigningConfig", Delete), ("ListFunctionsByCodeSigningConfig", ListFunctions),
        ("GetFunctionCodeSigningConfig", GetOf), ("PutFunctionCodeSigningConfig", PutOf), ("DeleteFunctionCodeSigningConfig", DeleteOf),
    ];

    private RestAnswer Create(RestCall call) => Answer(StatusCodes.Status201Created, signing.Create(call.Body.Text("Description"), Publishers(call.Body)!, Policy(call.Body)));

    private RestAnswer Update(RestCall call) =>
        Answer(StatusCodes.Status200OK, signing.Update(Arn(call), call.Body.Text("Description"), Publishers(call.Body), Policy(call.Body)));

    private RestAnswer List(RestCall call)
    {
        Page<CodeSigningConfig> page = signing.List(call.Number("MaxItems"), call.Query("Marker"));
        return RestAnswer.Ok(writer => writer.Page("CodeSigningConfigs", page, c => Write(writer, c)));
    }

    private RestAnswer Delete(RestCall call)
    {
        signing.Delete(Arn(call));
        return RestAnswer.Nothing;
    }

    private RestAnswer ListFunctions(RestCall call)
    {
        Page<string> page = signing.FunctionsOf(Arn(call), call.Number("MaxItems"), call.Query("Marker"));
        return RestAnswer.Ok(writer => writer.Page("FunctionArns", page, writer.WriteStringValue));
    }

    // Clients ask this of every function: without a configuration the answer is the name alone.
    private RestAnswer GetOf(RestCall call)
    {
        FunctionName name = address.Parse(call.Path("FunctionName"), null);
        return Attached(name, functions.Entry(name).CodeSigningConfigArn);
    }

    private RestAnswer PutOf(RestCall call)
    {
        FunctionName name = address.Parse(call.Path("FunctionName"), null);
        string arn = call.Body.Text("CodeSigningConfigArn")!;
        signing.Attach(name, arn);
        return Attached(name, arn);
    }

    private RestAnswer DeleteOf(RestCall call)
    {
        signing.Attach(address.Parse(call.Path("FunctionName"), null), null);
        return RestAnswer.Nothing;
    }

    private static RestAnswer Attached(FunctionName name, string? arn) => RestAnswer.Ok(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("CodeSigningConfigArn", arn ?? "");
        writer.WriteString("FunctionName", name.Name);
        writer.WriteEndObject();
    });

    private static string Arn(RestCall call) => call.Path("CodeSigningConfigArn");

    private static IReadOnlyList<string>? Publishers(JsonMembers body) => body.Structure("AllowedPublishers")?.Texts("SigningProfileVersionArns");

    private static string? Policy(JsonMembers body) => body.Structure("CodeSigningPolicies")?.Text("UntrustedArtifactOnDeployment");

    private static RestAnswer Answer(int status, CodeSigningConfig config) => new(status, writer =>
    {
        writer.WriteStartObject();
        writer.WritePropertyName("CodeSigningConfig");
        Write(writer, config);
        writer.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter writer, CodeSigningConfig config)
    {
        writer.WriteStartObject();
        writer.WriteString("CodeSigningConfigId", config.Id);
        writer.WriteString("CodeSigningConfigArn", config.Arn);
        writer.WriteString("Description", config.Description);
        writer.WriteStartObject("AllowedPublishers");
        writer.Texts("SigningProfileVersionArns", config.Publishers);
        writer.WriteEndObject();
        writer.Single("CodeSigningPolicies", "UntrustedArtifactOnDeployment", config.Policy);
        writer.WriteString("LastModified", JsonWriting.LambdaTime(config.LastModified));
        writer.WriteEndObject();
    }
}
