using System.Diagnostics;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Hearth.Agent.Spawning;
using Hearth.Agent.Tests.Fakes;
using Hearth.Sandbox.Linux;
using Hearth.Sandbox.Protocol;
using Tmds.Linux;
using Xunit;
using Answer = Hearth.Sandbox.Protocol.Answer;

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

    /// <summary>Takes connections until there is the one that the client has. Those before it were dialled while nobody answered, and given up.</summary>
    public async Task<Socket> AcceptAsync(SpawnerClient client)
    {
        while (true)
        {
            var agent = AcceptMute();
            try
            {
                Answer(agent, Read(agent));
                await Eventually.True(() => client.IsConnected || IsClosed(agent));
                if (!IsClosed(agent))
                    return agent;
            }
            catch (SocketException)
            {
                // Closed before it was answered.
            }

            agent.Dispose();
        }
    }

    /// <summary>Takes the next connection and leaves its Hello to the test.</summary>
    public Socket AcceptMute() => _listener.Accept();

    public static RequestHeader Read(Socket agent)
    {
        var packet = new byte[512];
        var length = agent.Receive(packet);
        return length >= Marshal.SizeOf<RequestHeader>() ? MemoryMarshal.Read<RequestHeader>(packet) : default;
    }

    /// <summary>The next request that is no question how the spawner is; these are answered.</summary>
    public static RequestHeader Next(Socket agent)
    {
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60);)
        {
            var request = Read(agent);
            if (request.Kind != RequestKind.Status)
                return request;
            Answer(agent, request);
        }

        throw new TimeoutException("the agent only asks how the spawner is");
    }

    public static void Answer(Socket agent, RequestHeader request, int error = 0) =>
        agent.Send(MemoryMarshal.AsBytes([new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.Reply, Tag = request.Tag, SandboxId = request.SandboxId, Value = 1, Error = error }]));

    /// <summary>With so many descriptors of something that is always there, or of <paramref name="pipe"/>.</summary>
    public static unsafe void AnswerWith(Socket agent, RequestHeader request, int descriptors, int? pipe = null)
    {
        using var nothing = File.OpenHandle("/dev/null", FileMode.Open, FileAccess.ReadWrite);
        var answer = new Answer { Version = SpawnerProtocol.Version, Kind = AnswerKind.Reply, Tag = request.Tag, SandboxId = request.SandboxId, Generation = 1 };
        // struct cmsghdr: length (8 bytes), level SOL_SOCKET, type SCM_RIGHTS, then the descriptors.
        var ancillary = stackalloc byte[16 + (16 * 4)];
        *(long*)ancillary = 16 + (descriptors * 4);
        (((int*)ancillary)[2], ((int*)ancillary)[3]) = (1, 1);
        for (var i = 0; i < descriptors; i++)
            ((int*)ancillary)[4 + i] = pipe ?? (int)nothing.DangerousGetHandle();
        var part = new iovec { iov_base = &answer, iov_len = sizeof(Answer) };
        var message = new msghdr { msg_iov = &part, msg_iovlen = 1, msg_control = descriptors == 0 ? null : ancillary, msg_controllen = descriptors == 0 ? 0 : 16 + (((descriptors * 4) + 7) & ~7) };
        Assert.Equal(sizeof(Answer), Kernel.Sendmsg((int)agent.Handle, &message, 0));
    }

    private static bool IsClosed(Socket agent) => agent.Poll(0, SelectMode.SelectRead) && agent.Receive(new byte[512], SocketFlags.Peek) == 0;

    public void Dispose()
    {
        _listener.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
