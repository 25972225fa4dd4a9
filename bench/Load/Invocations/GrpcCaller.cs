using Google.Protobuf;
using Hearth.Contracts.V1;

namespace Hearth.Bench.Load.Invocations;

/// <summary>Invoke through the control plane's gRPC API; all callers share one HTTP/2 connection, as one client of that API does.</summary>
internal sealed class GrpcCaller(Functions.FunctionsClient client, string function, byte[] payload, byte[] answer) : ICaller
{
    private readonly byte[] _payload = [.. payload];
    private readonly byte[] _answer = [.. answer];

    public void Call(int number)
    {
        Numbered.Write(_payload.AsSpan(Numbered.Find(payload), 8), number);
        Numbered.Write(_answer.AsSpan(Numbered.Find(answer), 8), number);
        var response = client.Invoke(new InvokeRequest { FunctionName = function, Payload = ByteString.CopyFrom(_payload) });
        if (response.StatusCode != 200 || !response.Payload.Span.SequenceEqual(_answer))
            throw new BenchException($"not the answer that was due by gRPC: {response.StatusCode} {response.Payload.ToStringUtf8()}");
    }

    public void Dispose()
    {
    }
}
