using Hearth.Contracts;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>The rest of Lambda's service model, so that a client hears which operation is missing rather than that its path is unknown.</summary>
internal static class OtherOperations
{
    // Method, then the path with * for a segment of the client's.
    private static readonly (string Method, string Path, string Operation)[] All =
    [
        ("POST", "2015-03-31/functions/*/policy", "AddPermission"),
        ("GET", "2015-03-31/functions/*/policy", "GetPolicy"),
        ("DELETE", "2015-03-31/functions/*/policy/*", "RemovePermission"),
        ("POST", "2015-03-31/functions/*/aliases", "CreateAlias"),
        ("GET", "2015-03-31/functions/*/aliases", "ListAliases"),
        ("GET", "2015-03-31/functions/*/aliases/*", "GetAlias"),
        ("PUT", "2015-03-31/functions/*/aliases/*", "UpdateAlias"),
        ("DELETE", "2015-03-31/functions/*/aliases/*", "DeleteAlias"),
        ("POST", "2015-03-31/functions/*/versions", "PublishVersion"),
        ("GET", "2015-03-31/functions/*/versions", "ListVersionsByFunction"),
        ("POST", "2015-03-31/event-source-mappings", "CreateEventSourceMapping"),
        ("GET", "2015-03-31/event-source-mappings", "ListEventSourceMappings"),
        ("GET", "2015-03-31/event-source-mappings/*", "GetEventSourceMapping"),
        ("PUT", "2015-03-31/event-source-mappings/*", "UpdateEventSourceMapping"),
        ("DELETE", "2015-03-31/event-source-mappings/*", "DeleteEventSourceMapping"),
        ("POST", "2014-11-13/functions/*/invoke-async", "InvokeAsync"),
        ("POST", "2021-11-15/functions/*/response-streaming-invocations", "InvokeWithResponseStream"),
        ("GET", "2016-08-19/account-settings", "GetAccountSettings"),
        ("GET", "2017-03-31/tags/*", "ListTags"),
        ("POST", "2017-03-31/tags/*", "TagResource"),
        ("DELETE", "2017-03-31/tags/*", "UntagResource"),
        ("PUT", "2017-10-31/functions/*/concurrency", "PutFunctionConcurrency"),
        ("DELETE", "2017-10-31/functions/*/concurrency", "DeleteFunctionConcurrency"),
        ("GET", "2019-09-30/functions/*/concurrency", "GetFunctionConcurrency"),
        ("PUT", "2019-09-30/functions/*/provisioned-concurrency", "PutProvisionedConcurrencyConfig"),
        ("GET", "2019-09-30/functions/*/provisioned-concurrency", "GetProvisionedConcurrencyConfig"),
        ("DELETE", "2019-09-30/functions/*/provisioned-concurrency", "DeleteProvisionedConcurrencyConfig"),
        ("PUT", "2019-09-25/functions/*/event-invoke-config", "PutFunctionEventInvokeConfig"),
        ("POST", "2019-09-25/functions/*/event-invoke-config", "UpdateFunctionEventInvokeConfig"),
        ("GET", "2019-09-25/functions/*/event-invoke-config", "GetFunctionEventInvokeConfig"),
        ("DELETE", "2019-09-25/functions/*/event-invoke-config", "DeleteFunctionEventInvokeConfig"),
        ("GET", "2019-09-25/functions/*/event-invoke-config/list", "ListFunctionEventInvokeConfigs"),
        ("POST", "2021-10-31/functions/*/url", "CreateFunctionUrlConfig"),
        ("GET", "2021-10-31/functions/*/url", "GetFunctionUrlConfig"),
        ("PUT", "2021-10-31/functions/*/url", "UpdateFunctionUrlConfig"),
        ("DELETE", "2021-10-31/functions/*/url", "DeleteFunctionUrlConfig"),
        ("GET", "2021-10-31/functions/*/urls", "ListFunctionUrlConfigs"),
        ("GET", "2018-10-31/layers", "ListLayers"),
        ("POST", "2018-10-31/layers/*/versions", "PublishLayerVersion"),
        ("GET", "2018-10-31/layers/*/versions", "ListLayerVersions"),
        ("GET", "2018-10-31/layers/*/versions/*", "GetLayerVersion"),
        ("DELETE", "2018-10-31/layers/*/versions/*", "DeleteLayerVersion"),
        ("POST", "2018-10-31/layers/*/versions/*/policy", "AddLayerVersionPermission"),
        ("GET", "2018-10-31/layers/*/versions/*/policy", "GetLayerVersionPolicy"),
        ("DELETE", "2018-10-31/layers/*/versions/*/policy/*", "RemoveLayerVersionPermission"),
        ("POST", "2020-04-22/code-signing-configs", "CreateCodeSigningConfig"),
        ("GET", "2020-04-22/code-signing-configs", "ListCodeSigningConfigs"),
        ("GET", "2020-04-22/code-signing-configs/*", "GetCodeSigningConfig"),
        ("PUT", "2020-04-22/code-signing-configs/*", "UpdateCodeSigningConfig"),
        ("DELETE", "2020-04-22/code-signing-configs/*", "DeleteCodeSigningConfig"),
        ("GET", "2020-04-22/code-signing-configs/*/functions", "ListFunctionsByCodeSigningConfig"),
        ("GET", "2020-06-30/functions/*/code-signing-config", "GetFunctionCodeSigningConfig"),
        ("PUT", "2020-06-30/functions/*/code-signing-config", "PutFunctionCodeSigningConfig"),
        ("DELETE", "2020-06-30/functions/*/code-signing-config", "DeleteFunctionCodeSigningConfig"),
        ("GET", "2021-07-20/functions/*/runtime-management-config", "GetRuntimeManagementConfig"),
        ("PUT", "2021-07-20/functions/*/runtime-management-config", "PutRuntimeManagementConfig"),
        ("GET", "2024-08-31/functions/*/recursion-config", "GetFunctionRecursionConfig"),
        ("PUT", "2024-08-31/functions/*/recursion-config", "PutFunctionRecursionConfig"),
    ];

    public static LambdaError Refuse(string method, string[] parts)
    {
        foreach ((string m, string path, string operation) in All)
        {
            if (m == method && Matches(path.Split('/'), parts))
                return LambdaError.NotSupported(operation);
        }

        return new LambdaError(404, "UnknownOperationException", "No operation of Lambda's API has this method and path.", LambdaErrorBody.LowerCaseMessage);
    }

    private static bool Matches(string[] template, string[] parts)
    {
        if (template.Length != parts.Length)
            return false;
        for (int i = 0; i < parts.Length; i++)
        {
            if (template[i] != "*" && template[i] != parts[i])
                return false;
        }

        return true;
    }
}
