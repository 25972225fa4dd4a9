using System.Text.Json;
using Hearth.Contracts;
using Hearth.Contracts.Archives;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Layers;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Api.Rest.Operations;

/// <summary>Reserved and provisioned concurrency, and the account's limits.</summary>
public sealed class ConcurrencyEndpoints(ConcurrencyService concurrency, FunctionStore store, LayerStore layers, FunctionAddress address) : IRestOperations
{
    /// <summary>Lambda's default quota.</summary>
    private const long MaxCodeStorage = 80_530_636_800;

    public IEnumerable<(string Operation, Func<RestCall, RestAnswer> Handler)> Handlers =>
    [
        ("PutFunctionConcurrency", Put), ("GetFunctionConcurrency", Get), ("DeleteFunctionConcurrency", Delete),
        ("PutProvisionedConcurrencyConfig", PutProvisioned), ("GetProvisionedConcurrencyConfig", GetProvisioned),
        ("ListProvisionedConcurrencyConfigs", ListProvisioned), ("DeleteProvisionedConcurrencyConfig", DeleteProvisioned), ("GetAccountSettings", Account),
    ];

    private RestAnswer Put(RestCall call)
    {
        int reserved = call.Body.Integer("ReservedConcurrentExecutions")!.Value;
        concurrency.Put(Function(call), reserved);
        return Reserved(reserved);
    }

    private RestAnswer Get(RestCall call) => Reserved(concurrency.Get(Function(call)));

    private RestAnswer Delete(RestCall call)
    {
        concurrency.Delete(Function(call));
        return RestAnswer.Nothing;
    }

    private static RestAnswer Reserved(int? reserved) => RestAnswer.Ok(writer =>
    {
        writer.WriteStartObject();
        writer.Optional("ReservedConcurrentExecutions", reserved);
        writer.WriteEndObject();
    });

    private RestAnswer PutProvisioned(RestCall call)
    {
        ProvisionedConcurrency put = concurrency.PutProvisioned(Name(call), call.Body.Integer("ProvisionedConcurrentExecutions")!.Value);
        return RestAnswer.Accepted(writer => Provisioned(writer, put, withArn: false));
    }

    private RestAnswer GetProvisioned(RestCall call)
    {
        ProvisionedConcurrency found = concurrency.GetProvisioned(Name(call));
        return RestAnswer.Ok(writer => Provisioned(writer, found, withArn: false));
    }

    private RestAnswer ListProvisioned(RestCall call)
    {
        Page<ProvisionedConcurrency> page = concurrency.ListProvisioned(Function(call), call.Number("MaxItems"), call.Query("Marker"));
        return RestAnswer.Ok(writer => writer.Page("ProvisionedConcurrencyConfigs", page, p => Provisioned(writer, p, withArn: true)));
    }

    private RestAnswer DeleteProvisioned(RestCall call)
    {
        concurrency.DeleteProvisioned(Name(call));
        return RestAnswer.Nothing;
    }

    private void Provisioned(Utf8JsonWriter writer, ProvisionedConcurrency p, bool withArn)
    {
        ProvisionedProgress progress = concurrency.Progress(p);
        writer.WriteStartObject();
        if (withArn)
            writer.WriteString("FunctionArn", address.Arn(p.Function, p.Qualifier));
        writer.WriteNumber("RequestedProvisionedConcurrentExecutions", p.Requested);
        writer.WriteNumber("AvailableProvisionedConcurrentExecutions", progress.Available);
        writer.WriteNumber("AllocatedProvisionedConcurrentExecutions", progress.Allocated);
        bool isReady = progress.Available >= p.Requested;
        writer.WriteString("Status", isReady ? "READY" : progress.HasFailed ? "FAILED" : "IN_PROGRESS");
        if (!isReady && progress.HasFailed)
            writer.WriteString("StatusReason", "FUNCTION_ERROR_INIT_FAILURE");
        writer.WriteString("LastModified", JsonWriting.LambdaTime(p.LastModified));
        writer.WriteEndObject();
    }

    private RestAnswer Account(RestCall call)
    {
        long used = store.Current.Values.Sum(e => e.All.Sum(f => f.CodeSize)) + layers.Current.Values.Sum(v => v.Values.Sum(l => l.CodeSize));
        int functions = store.Current.Count;
        int unreserved = concurrency.Unreserved;
        return RestAnswer.Ok(writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartObject("AccountLimit");
            writer.WriteNumber("TotalCodeSize", MaxCodeStorage);
            writer.WriteNumber("CodeSizeUnzipped", CodeArchiveLimits.MaxUnzippedBytes);
            writer.WriteNumber("CodeSizeZipped", CodeArchiveLimits.MaxZippedBytes);
            writer.WriteNumber("ConcurrentExecutions", ConcurrencyService.AccountLimit);
            writer.WriteNumber("UnreservedConcurrentExecutions", unreserved);
            writer.WriteEndObject();
            writer.WriteStartObject("AccountUsage");
            writer.WriteNumber("TotalCodeSize", used);
            writer.WriteNumber("FunctionCount", functions);
            writer.WriteEndObject();
            writer.WriteEndObject();
        });
    }

    private FunctionName Function(RestCall call) => address.ParseUnqualified(call.Path("FunctionName"));

    private FunctionName Name(RestCall call) => address.Parse(call.Path("FunctionName"), call.Query("Qualifier"));
}
