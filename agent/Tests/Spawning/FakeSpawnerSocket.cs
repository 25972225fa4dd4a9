using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hearth.Sandbox.Protocol;

namespace Hearth.Agent.Tests.Spawning;

/// <summary>The spawner's socket with nobody behind it but the test: each connection says Hello, and then does what the test wants of it.</summary>
internal sealed class FakeSpawnerSocket : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("hearth-agent-test-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);

    public FakeSpawnerSocket()
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen(4);
    }

    public string Path => System.IO.Path.Join(_folder, "spawner.sock");

    /// <summary>Takes the next connection and answers its Hello.</summary>
    public Socket Accept()
    {
        var agent = AcceptMute();
        Answer(agent, Read(agent));
        return agent;
    }

    /// <summary>Takes the next connection and leaves its Hello to the test.</summary>
    public Socket AcceptMute() => _listener.Accept();

    public static RequestHeader Read(Socket agent)
    {
        var packet = new byte[512];
        var length = agent.Receive(packet);
        return length >= Marshal.SizeOf<RequestHeader>() ? MemoryMarshal.Read<RequestHeader>(packet) : default;
    }

    public static void Answer(Socket agent, RequestHeader request, int error = 0) =>
        agent.Send(MemoryMarshal.AsBytes([new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.Reply, Tag = request.Tag, SandboxId = request.SandboxId, Value = 1, Error = error }]));

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
