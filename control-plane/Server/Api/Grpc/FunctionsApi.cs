using Grpc.Core;
using Hearth.Contracts;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Agents;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Queue;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Api.Grpc;

/// <summary>The Functions service: an adapter, no rules of its own.</summary>
public sealed class FunctionsApi(FunctionService functions, FunctionAddress address, FunctionMessages messages, BlobStore blobs, InvokeForwarder invoke, EventQueue events)
    : Contracts.V1.Functions.FunctionsBase
{
    public override async Task<Function> CreateFunction(IAsyncStreamReader<UploadRequest> requestStream, ServerCallContext context)
    {
        FunctionDefinition draft = functions.Draft(FunctionMessages.InputOf(await HeaderAsync(requestStream, context)), mayExist: false);
        using BlobUpload zip = await ReceiveAsync(requestStream, context);
        return messages.Of(functions.Create(draft, zip, publish: false, signingConfig: null, context.CancellationToken));
    }

    public override async Task<Function> DeployFunction(IAsyncStreamReader<UploadRequest> requestStream, ServerCallContext context)
    {
        FunctionDefinition draft = functions.Draft(FunctionMessages.InputOf(await HeaderAsync(requestStream, context)), mayExist: true);
        using BlobUpload zip = await ReceiveAsync(requestStream, context);
        return messages.Of(functions.Deploy(draft, zip, context.CancellationToken));
    }

    public override async Task<Function> UpdateFunctionCode(IAsyncStreamReader<UploadRequest> requestStream, ServerCallContext context)
    {
        FunctionName name = Name((await HeaderAsync(requestStream, context)).FunctionName, "");
        functions.Get(name);
        using BlobUpload zip = await ReceiveAsync(requestStream, context);
        return messages.Of(functions.UpdateCode(name, zip, revisionId: null, dryRun: false, publish: false, architecture: null, context.CancellationToken));
    }

    public override Task<Function> UpdateFunctionConfiguration(UpdateFunctionConfigurationRequest request, ServerCallContext context)
    {
        SettingsInput input = FunctionMessages.InputOf(request.Settings ?? new FunctionSettings());
        if (request.ClearEnvironment)
            input = input with { Environment = new Dictionary<string, string>() };
        return Task.FromResult(messages.Of(functions.UpdateConfiguration(Name(input.FunctionName ?? "", ""), input, FunctionMessages.Given(request.RevisionId))));
    }

    public override Task<Function> GetFunction(GetFunctionRequest request, ServerCallContext context) =>
        Task.FromResult(messages.Of(functions.Get(Name(request.FunctionName, request.Qualifier))));

    public override Task<ListFunctionsResponse> ListFunctions(ListFunctionsRequest request, ServerCallContext context)
    {
        Page<FunctionDefinition> page = functions.List(request.MaxItems == 0 ? null : request.MaxItems, request.Marker);
        var response = new ListFunctionsResponse { NextMarker = page.NextMarker ?? "" };
        response.Functions.AddRange(page.Items.Select(messages.Of));
        return Task.FromResult(response);
    }

    public override Task<DeleteFunctionResponse> DeleteFunction(DeleteFunctionRequest request, ServerCallContext context)
    {
        functions.Delete(Name(request.FunctionName, request.Qualifier));
        return Task.FromResult(new DeleteFunctionResponse());
    }

    public override Task<InvokeResponse> Invoke(InvokeRequest request, ServerCallContext context)
    {
        FunctionName name = Name(request.FunctionName, request.Qualifier);
        functions.Get(name);
        return request.InvocationType == "Event" ? EventAsync(name, request) : invoke.InvokeAsync(name, request, context.CancellationToken);
    }

    // No agent is asked: the queue is here.
    private async Task<InvokeResponse> EventAsync(FunctionName name, InvokeRequest request)
    {
        EventPayload.Check(request.Payload.Span);
        byte[] payload = request.Payload.IsEmpty ? "{}"u8.ToArray() : request.Payload.ToByteArray();
        var id = Guid.NewGuid();
        await events.AcceptAsync(new NewEvent(id, name.Name, name.Qualifier, new EventBody(payload, "", "application/json")));
        return new InvokeResponse { StatusCode = StatusCodes.Status202Accepted, RequestId = id.ToString() };
    }

    private FunctionName Name(string name, string qualifier) => address.Parse(FunctionMessages.Given(name), FunctionMessages.Given(qualifier));

    private static async Task<FunctionSettings> HeaderAsync(IAsyncStreamReader<UploadRequest> stream, ServerCallContext context)
    {
        if (!await stream.MoveNext(context.CancellationToken) || stream.Current.PartCase != UploadRequest.PartOneofCase.Header)
            throw new LambdaException(LambdaError.InvalidParameterValue("The first message of an upload must be its header."));
        return stream.Current.Header;
    }

    private async Task<BlobUpload> ReceiveAsync(IAsyncStreamReader<UploadRequest> stream, ServerCallContext context)
    {
        BlobUpload zip = blobs.Begin();
        try
        {
            while (await stream.MoveNext(context.CancellationToken))
            {
                if (stream.Current.PartCase != UploadRequest.PartOneofCase.ZipChunk)
                    throw new LambdaException(LambdaError.InvalidParameterValue("After the header an upload holds zip chunks only."));
                zip.Append(stream.Current.ZipChunk.Span);
            }

            return zip;
        }
        catch
        {
            zip.Dispose();
            throw;
        }
    }
}
