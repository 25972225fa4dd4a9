using System.Collections.Concurrent;
using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Security.Cryptography;
using Xunit;

namespace Hearth.NativeTests.Seccomp;

/// <summary>Runs in a process of its own below the filters, started by <see cref="WorkloadTests"/>: the JIT with W^X, threads, collections, files, sockets.</summary>
public sealed class DotnetWorkload
{
    public const string Done = "dotnet workload: ok";

    [Fact(Explicit = true)]
    public async Task Runs()
    {
        var seen = new ConcurrentBag<int>();
        Parallel.For(0, 1_000, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => seen.Add(new byte[10_000].Length + i));
        Assert.Equal(1_000, seen.Count);
        var threads = Enumerable.Range(0, 4).Select(_ => new Thread(() => Interlocked.MemoryBarrierProcessWide())).ToList();
        threads.ForEach(t => t.Start());
        threads.ForEach(t => t.Join());
        for (var i = 0; i < 3; i++)
            GC.Collect(2, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        // Code made at run time is written through one mapping and run through another.
        var compiled = System.Linq.Expressions.Expression.Lambda<Func<int>>(System.Linq.Expressions.Expression.Constant(42)).Compile();
        Assert.Equal(42, compiled());

        var file = Path.GetTempFileName();
        await File.WriteAllBytesAsync(file, RandomNumberGenerator.GetBytes(1 << 20), TestContext.Current.CancellationToken);
        File.Copy(file, file + ".copy");
        using (var stream = new FileStream(file, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.ReadWrite, Options = FileOptions.Asynchronous }))
        using (var map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true))
        using (var view = map.CreateViewAccessor())
            view.Write(0, 7);
        using (var anonymous = MemoryMappedFile.CreateNew(null, 1 << 16))
        using (var view = anonymous.CreateViewAccessor())
            view.Write(0, 7);
        using (var watcher = new FileSystemWatcher(Path.GetTempPath()) { EnableRaisingEvents = true })
            File.Delete(file + ".copy");
        File.Delete(file);

        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepted = listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken);
        using var client = new TcpClient();
        await client.ConnectAsync((IPEndPoint)listener.LocalEndpoint, TestContext.Current.CancellationToken);
        using var server = await accepted;
        await server.GetStream().WriteAsync(new byte[] { 9 }, TestContext.Current.CancellationToken);
        Assert.Equal(9, client.GetStream().ReadByte());
        Assert.NotEmpty(NetworkInterface.GetAllNetworkInterfaces());
        Assert.NotEmpty(await Dns.GetHostAddressesAsync("localhost", TestContext.Current.CancellationToken));
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        byte[] message = [1];
        Assert.True(ecdsa.VerifyData(message, ecdsa.SignData(message, HashAlgorithmName.SHA256), HashAlgorithmName.SHA256));

        using var process = Process.Start(new ProcessStartInfo("/bin/echo", "child") { RedirectStandardOutput = true })!;
        Assert.Equal("child\n", await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Console.WriteLine(Done);
    }
}
