using System.Buffers.Text;
using System.Text;
using Hearth.Adapter.Frames;
using Hearth.Adapter.Http;
using Hearth.Wire;

namespace Hearth.Adapter.Api;

/// <summary>An answer that is passed on while it comes; trailers say how it ended.</summary>
internal sealed class StreamedResponse : IExchange
{
    private readonly HttpConnection _connection;
    private readonly AgentPipe _agent;
    private readonly Invocation _invocation;
    private readonly RuntimeApi _runtime;
    private long _produced;

    public StreamedResponse(HttpConnection connection, AgentPipe agent, Invocation invocation, string? contentType, RuntimeApi runtime)
    {
        (_connection, _agent, _invocation, _runtime) = (connection, agent, invocation, runtime);
        agent.ResponseStart(invocation.Id, contentType);
    }

    public bool IsDecided => false;

    public void OnBody(ReadOnlySpan<byte> bytes)
    {
        _produced += bytes.Length;
        for (; !bytes.IsEmpty; bytes = bytes[Math.Min(bytes.Length, FrameLimits.MaxChunkLength)..])
            _agent.Chunk(_invocation.Id, bytes[..Math.Min(bytes.Length, FrameLimits.MaxChunkLength)]);
    }

    public void OnEnd(Headers trailers)
    {
        if (trailers["Lambda-Runtime-Function-Error-Type"] is { Length: > 0 } errorType)
        {
            _runtime.Fail(_invocation, errorType, Body(trailers["Lambda-Runtime-Function-Error-Body"] ?? ""));
        }
        else
        {
            _runtime.BeforeAnswer();
            _agent.ResponseEnd(_invocation.Id);
            _runtime.Sent(_invocation, null, _produced);
        }
        _connection.Accept();
    }

    public void OnTruncated() => _runtime.Truncated(_connection, _invocation);

    public void OnGone()
    {
    }

    private static byte[] Body(string base64) => Base64.IsValid(base64) ? Convert.FromBase64String(base64) : Encoding.UTF8.GetBytes(base64);
}
