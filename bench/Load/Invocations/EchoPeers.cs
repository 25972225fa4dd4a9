using System.Net;
using System.Runtime.InteropServices;
using Hearth.Sandbox.Linux;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Hearth.Bench.Load.Invocations;

/// <summary>What warm invocations are compared with; both run as processes of their own.</summary>
internal static class EchoPeers
{
    public const string KestrelVerb = "serve-kestrel-echo";
    public const string PipeVerb = "serve-pipe-echo";

    /// <summary>Kestrel that reads a body and sends it back: no routing, no log, nothing of ours.</summary>
    public static async Task<int> ServeKestrelAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        await using var server = builder.Build();
        server.Run(EchoAsync);
        await server.StartAsync();
        Console.WriteLine(server.Urls.First());
        // Until the bench ends, however it does.
        while (await Console.In.ReadLineAsync() is not null)
        {
        }

        await server.StopAsync();
        return 0;
    }

    /// <summary>Messages of one length from stdin to stdout.</summary>
    public static int ServePipe()
    {
        using var input = new SafePipeHandle(0, ownsHandle: false);
        using var output = new SafePipeHandle(1, ownsHandle: false);
        var message = new byte[PipeCaller.MessageLength];
        while (Read(input, message))
            Write(output, message);
        return 0;
    }

    public static unsafe void Write(SafeHandle pipe, ReadOnlySpan<byte> message)
    {
        fixed (byte* bytes = message)
        {
            // At most PIPE_BUF: all or nothing.
            if (Kernel.Write((int)pipe.DangerousGetHandle(), bytes, (nuint)message.Length) != message.Length)
                throw new BenchException("the other end of the pipe is gone");
        }
    }

    public static unsafe bool Read(SafeHandle pipe, Span<byte> message)
    {
        fixed (byte* bytes = message)
        {
            for (var filled = 0; filled < message.Length;)
            {
                var read = Kernel.Read((int)pipe.DangerousGetHandle(), bytes + filled, (nuint)(message.Length - filled));
                if (read <= 0)
                    return false;
                filled += read;
            }
        }

        return true;
    }

    private static async Task EchoAsync(HttpContext context)
    {
        var length = (int)(context.Request.ContentLength ?? 0);
        var body = System.Buffers.ArrayPool<byte>.Shared.Rent(length);
        await context.Request.Body.ReadExactlyAsync(body.AsMemory(0, length));
        context.Response.ContentLength = length;
        await context.Response.Body.WriteAsync(body.AsMemory(0, length));
        System.Buffers.ArrayPool<byte>.Shared.Return(body);
    }
}
