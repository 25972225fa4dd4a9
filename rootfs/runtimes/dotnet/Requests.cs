namespace Hearth.Runtime;

/// <summary>Init: which handler, in which environment.</summary>
internal sealed record InitRequest(string Handler, Dictionary<string, string> Environment)
{
    public static InitRequest Read(ref FieldReader reader)
    {
        var handler = reader.Text();
        var count = reader.MapHeader();
        var environment = new Dictionary<string, string>();
        for (var i = 0; i < count; i++)
            environment[reader.Text()] = reader.Text();
        reader.Integer();
        reader.ExpectEnd();
        return new InitRequest(handler, environment);
    }
}

/// <summary>Invoke. The payload is valid until the next frame is read.</summary>
internal sealed record InvokeRequest(
    uint Id, string RequestId, long DeadlineUnixMs, string InvokedFunctionArn, string? TraceId, string? ClientContext, string? CognitoIdentity,
    string? TenantId, ReadOnlyMemory<byte> Payload)
{
    public static InvokeRequest Read(ref FieldReader reader)
    {
        var id = (uint)reader.Integer();
        var requestId = reader.Text();
        var deadline = reader.Integer();
        var arn = reader.Text();
        var traceId = reader.TextOrNull();
        var clientContext = reader.TextOrNull();
        var identity = reader.TextOrNull();
        var tenantId = reader.TextOrNull();
        reader.TextOrNull();
        var payload = reader.Binary();
        reader.ExpectEnd();
        return new InvokeRequest(id, requestId, deadline, arn, traceId, clientContext, identity, tenantId, payload);
    }
}
