using System.Threading.Channels;
using Grpc.Core;
using Hearth.Contracts.V1;

namespace Hearth.ControlPlane.Tests.Support;

/// <summary>Speaks AgentLink as an agent does, over the real socket; what the control plane says is kept in order.</summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly AsyncDuplexStreamingCall<AgentMessage, ControlMessage> _call;
    private readonly Channel<ControlMessage> _heard = Channel.CreateUnbounded<ControlMessage>();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly Task _reading;

    private FakeAgent(AsyncDuplexStreamingCall<AgentMessage, ControlMessage> call)
    {
        _call = call;
        _reading = ReadAsync();
    }

    /// <summary>How the stream ended.</summary>
    public Task Ended => _reading;

    public static async Task<FakeAgent> ConnectAsync(TestServer server, string id = "agent-1", string endpoint = "http://127.0.0.1:1")
    {
        var agent = new FakeAgent(new AgentLink.AgentLinkClient(server.Grpc).Connect());
        var hello = new AgentHello { AgentId = id, LinkVersion = 2, Endpoint = endpoint, CgroupMode = "v2", SoftwareVersion = "test" };
        hello.Runtimes.Add(new RuntimeInfo { Language = "python", InstalledVersion = "3.11.2", Path = "/usr/bin/python3" });
        hello.Runtimes.Add(new RuntimeInfo { Language = "nodejs", Path = "/usr/bin/node", Note = "/usr/bin/node is absent; apt-get install nodejs" });
        await agent.SendAsync(new AgentMessage { Hello = hello });
        return agent;
    }

    /// <summary>Says back what it has applied, as an agent does.</summary>
    public bool AnswersMarks { get; set; } = true;

    public async Task SendAsync(AgentMessage message)
    {
        await _sending.WaitAsync();
        try
        {
            await _call.RequestStream.WriteAsync(message);
        }
        finally
        {
            _sending.Release();
        }
    }

    public Task ReadyAsync(string function, string revision, string error = "") =>
        SendAsync(new AgentMessage { FunctionReady = new FunctionReady { FunctionName = function, RevisionId = revision, Error = error } });

    public async Task<ControlMessage> NextAsync(ControlMessage.BodyOneofCase kind)
    {
        while (true)
        {
            ControlMessage message = await _heard.Reader.ReadAsync(Xunit.TestContext.Current.CancellationToken);
            if (message.BodyCase == kind)
                return message;
        }
    }

    public async ValueTask DisposeAsync()
    {
        _call.Dispose();
        await _reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _sending.Dispose();
    }

    private async Task ReadAsync()
    {
        Task answering = Task.CompletedTask;
        try
        {
            await foreach (ControlMessage message in _call.ResponseStream.ReadAllAsync())
            {
                _heard.Writer.TryWrite(message);
                if (message.BodyCase == ControlMessage.BodyOneofCase.Mark && AnswersMarks)
                    answering = AnswerAsync(message.Mark, answering);
            }

            _heard.Writer.TryComplete();
        }
        catch (Exception e)
        {
            _heard.Writer.TryComplete(e);
            throw;
        }
    }

    /// <summary>Beside what is read, as an agent does: who waits for a write when the server hangs up may not hear why.</summary>
    private async Task AnswerAsync(Mark mark, Task before)
    {
        await before;
        try
        {
            await SendAsync(new AgentMessage { Applied = new Applied { Change = mark.Change } });
        }
        catch (Exception e) when (e is RpcException or InvalidOperationException or IOException)
        {
            // The stream has ended: why, is what is read.
        }
    }
}
