using Google.Protobuf;
using Grpc.Core;
using Hearth.Cli.Connection;
using Hearth.Cli.Output;
using Hearth.Contracts.V1;
using Spectre.Console;

namespace Hearth.Cli.Functions;

/// <summary>Streams settings and zip to the control plane, with a progress bar on a terminal.</summary>
internal static class Upload
{
    public static async Task<Function> SendAsync(
        ControlPlane node, FunctionSettings settings, PackageFile package, bool showProgress, CancellationToken cancellationToken)
    {
        // Into a file or a pipe it would print one line a step.
        if (!showProgress || Console.IsErrorRedirected) return await StreamAsync(node, settings, package, _ => { }, cancellationToken);
        return await Terminal.Error.Progress().AutoClear(true)
            .Columns(new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new TransferSpeedColumn())
            .StartAsync(async progress =>
            {
                var task = progress.AddTask($"uploading {Units.Bytes(package.Length)}", maxValue: Math.Max(1, package.Length));
                return await StreamAsync(node, settings, package, sent => task.Increment(sent), cancellationToken);
            });
    }

    private static async Task<Function> StreamAsync(
        ControlPlane node, FunctionSettings settings, PackageFile package, Action<int> sent, CancellationToken cancellationToken)
    {
        using var call = node.Functions.DeployFunction(cancellationToken: cancellationToken);
        try
        {
            await call.RequestStream.WriteAsync(new UploadRequest { Header = settings }, cancellationToken);
            await using var file = File.OpenRead(package.Path);
            var buffer = new byte[PackageLimits.ChunkBytes];
            for (int read; (read = await file.ReadAsync(buffer, cancellationToken)) > 0; sent(read))
                await call.RequestStream.WriteAsync(new UploadRequest { ZipChunk = ByteString.CopyFrom(buffer, 0, read) }, cancellationToken);
            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException)
        {
            // Refused while we were still sending; the answer below says why.
        }
        catch (InvalidOperationException) when (!cancellationToken.IsCancellationRequested)
        {
            // "Can't write the message because the call is complete": the same.
        }
        return await call.ResponseAsync;
    }
}
