using Hearth.Contracts;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Runtimes;

namespace Hearth.ControlPlane.Api.Rest.Operations;

/// <summary>Runtime management and recursion settings, and what clients ask of things that no function here has: capacity providers and durable executions.</summary>
public sealed class RuntimeSettingsEndpoints(RuntimeSettingsService settings, FunctionService functions, RuntimeCatalogue runtimes, FunctionAddress address) : IRestOperations
{
    public IEnumerable<(string Operation, Func<RestCall, RestAnswer> Handler)> Handlers =>
    [
        ("GetRuntimeManagementConfig", call => Management(call, settings.GetManagement(Name(call)))),
        ("PutRuntimeManagementConfig", call => Management(call, settings.PutManagement(Name(call), call.Body.Text("UpdateRuntimeOn")!, call.Body.Text("RuntimeVersionArn")))),
        ("GetFunctionRecursionConfig", GetRecursion), ("PutFunctionRecursionConfig", PutRecursion),
        ("GetFunctionScalingConfig", GetScaling), ("PutFunctionScalingConfig", PutScaling),
        ("ListDurableExecutionsByFunction", ListDurableExecutions), ("ListCapacityProviders", _ => Empty("CapacityProviders")),
    ];

    private RestAnswer Management(RestCall call, RuntimeManagement management)
    {
        FunctionName name = Name(call);
        FunctionDefinition function = functions.Get(name);
        string? arn = management.RuntimeVersionArn ?? (management.UpdateRuntimeOn == "Auto" ? null : runtimes.Arn(function.Runtime, function.Language));
        return RestAnswer.Ok(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("UpdateRuntimeOn", management.UpdateRuntimeOn);
            writer.WriteString("FunctionArn", address.Arn(management.Function, name.Qualifier ?? FunctionName.Latest));
            writer.Optional("RuntimeVersionArn", arn);
            writer.WriteEndObject();
        });
    }

    private RestAnswer GetRecursion(RestCall call) => Recursion(settings.GetRecursion(address.ParseUnqualified(call.Path("FunctionName"))));

    private RestAnswer PutRecursion(RestCall call)
    {
        string loop = call.Body.Text("RecursiveLoop")!;
        settings.PutRecursion(address.ParseUnqualified(call.Path("FunctionName")), loop);
        return Recursion(loop);
    }

    private static RestAnswer Recursion(string loop) => RestAnswer.Ok(writer =>
    {
        writer.WriteStartObject();
        writer.WriteString("RecursiveLoop", loop);
        writer.WriteEndObject();
    });

    private RestAnswer GetScaling(RestCall call)
    {
        FunctionName name = Name(call);
        functions.Get(name);
        return RestAnswer.Ok(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("FunctionArn", address.Arn(name.Name, name.Qualifier));
            writer.WriteEndObject();
        });
    }

    private RestAnswer PutScaling(RestCall call)
    {
        functions.Get(Name(call));
        throw new LambdaException(LambdaError.InvalidParameterValue(
            "Only functions with a capacity provider have a scaling configuration; there are no capacity providers here. Use PutFunctionConcurrency."));
    }

    private RestAnswer ListDurableExecutions(RestCall call)
    {
        functions.Get(Name(call));
        return Empty("DurableExecutions");
    }

    private static RestAnswer Empty(string list) => RestAnswer.Ok(writer =>
    {
        writer.WriteStartObject();
        writer.Texts(list, []);
        writer.WriteEndObject();
    });

    private FunctionName Name(RestCall call) => address.Parse(call.Path("FunctionName"), call.Query("Qualifier"));
}
