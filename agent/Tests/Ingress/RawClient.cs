using System.Net.Sockets;
using System.Text;
using Hearth.Agent.Tests.Fakes;
using Xunit;

namespace Hearth.Agent.Tests.Ingress;

/// <summary>A connection that sends what it is told and reads when it is told, with little room for what it has not read.</summary>
internal sealed class RawClient : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4096, NoDelay = true };

    private RawClient()
    {
    }

    /// <param name="from">Address of its own end; null = the kernel's choice.</param>
    public static async Task<RawClient> ConnectAsync(TestNode node, string? from = null)
    {
        var client = new RawClient();
        if (from is not null)
            client._socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Parse(from), 0));
        await client._socket.ConnectAsync("127.0.0.1", new Uri(node.Agent.Endpoint).Port, TestContext.Current.CancellationToken);
        return client;
    }

    /// <summary>A head, and of a body as much as is given.</summary>
    /// <param name="head">Request line and headers, lines of which end in \n.</param>
    /// <param name="from">See <see cref="ConnectAsync"/>.</param>
    public static async Task<RawClient> SendAsync(TestNode node, string head, ReadOnlyMemory<byte> body = default, string? from = null)
    {
        var client = await ConnectAsync(node, from);
        await client.SendAsync(Encoding.Latin1.GetBytes(head.ReplaceLineEndings("\r\n") + "\r\n\r\n"));
        await client.SendAsync(body);
        return client;
    }

    /// <summary>Invoke of a function with an event.</summary>
    public static Task<RawClient> InvokeAsync(TestNode node, string function, string payload = "{}") => SendAsync(
        node, $"POST /2015-03-31/functions/{function}/invocations HTTP/1.1\nHost: localhost\nContent-Type: application/json\nContent-Length: {payload.Length}", Encoding.UTF8.GetBytes(payload));

    public async Task SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
            bytes = bytes[await _socket.SendAsync(bytes, SocketFlags.None, TestContext.Current.CancellationToken)..];
    }

    /// <summary>Sends until the other end does not take it any more.</summary>
    public async Task TrickleAsync(ReadOnlyMemory<byte> bytes, int piece, TimeSpan every)
    {
        try
        {
            for (; !bytes.IsEmpty; bytes = bytes[Math.Min(piece, bytes.Length)..])
            {
                await SendAsync(bytes[..Math.Min(piece, bytes.Length)]);
                await Task.Delay(every, TestContext.Current.CancellationToken);
            }
        }
        catch (SocketException)
        {
            // It has hung up.
        }
    }

    /// <returns>The status line's number.</returns>
    public async Task<int> StatusAsync() => int.Parse((await HeadAsync()).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Up to the empty line, byte by byte: nothing of the body is taken.</summary>
    public async Task<string> HeadAsync()
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal))
        {
            Assert.True(await _socket.ReceiveAsync(one, SocketFlags.None, TestContext.Current.CancellationToken) == 1, $"the connection ended within the head: {head}");
            head.Append((char)one[0]);
        }
        return head.ToString();
    }

    public async Task ReadAsync(long length)
    {
        var buffer = new byte[64 * 1024];
        while (length > 0)
        {
            var count = await _socket.ReceiveAsync(buffer, SocketFlags.None, TestContext.Current.CancellationToken);
            Assert.True(count > 0, $"the connection ended {length} bytes too early");
            length -= count;
        }
    }

    /// <summary>Whatever comes until the connection ends, however it ends.</summary>
    public async Task<long> DrainAsync()
    {
        long length = 0;
        var buffer = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = await _socket.ReceiveAsync(buffer, SocketFlags.None, TestContext.Current.CancellationToken)) > 0)
                length += count;
        }
        catch (SocketException)
        {
            // Reset.
        }
        return length;
    }

    public void Dispose() => _socket.Dispose();
}
