using System.Net;
using Amazon.Runtime;
using Amazon.S3;
using Amazon.S3.Model;
using Hearth.Contracts;

namespace Hearth.ControlPlane.Store;

/// <summary>The operator's S3-compatible store, which code is read from. One address for all buckets, in the path.</summary>
public sealed class ObjectStore : IDisposable
{
    /// <summary>Each holds a thread; those beyond are told to come again, as clients of Lambda do by themselves.</summary>
    private const int MaxReads = 8;

    /// <summary>Of what a store says of an error.</summary>
    private const int MaxQuoted = 256;

    private readonly SemaphoreSlim _reads = new(MaxReads);
    private readonly AmazonS3Client? _client;
    private readonly string _name;

    /// <param name="endpoint">Null: there is none.</param>
    /// <param name="accessKeyId">Null or empty: it is asked anonymously.</param>
    public ObjectStore(Uri? endpoint, string region, string? accessKeyId, string? secretAccessKey)
    {
        _name = endpoint?.Authority ?? "";
        if (endpoint is null)
            return;
        AWSCredentials keys = string.IsNullOrEmpty(accessKeyId) || string.IsNullOrEmpty(secretAccessKey)
            ? new AnonymousAWSCredentials()
            : new BasicAWSCredentials(accessKeyId, secretAccessKey);
        _client = new AmazonS3Client(keys, new AmazonS3Config
        {
            ServiceURL = endpoint.ToString(),
            AuthenticationRegion = region,
            ForcePathStyle = true,
            Timeout = TimeSpan.FromSeconds(20),
            MaxErrorRetry = 2,
            // Of another maker's store nothing more is asked than S3 had from the start.
            RequestChecksumCalculation = RequestChecksumCalculation.WHEN_REQUIRED,
            ResponseChecksumValidation = ResponseChecksumValidation.WHEN_REQUIRED,
        });
    }

    public delegate void Piece(ReadOnlySpan<byte> bytes);

    /// <summary>Gives an object piece by piece.</summary>
    /// <exception cref="LambdaException">There is no store or object, it refuses, or it is away. The first two in AWS's words.</exception>
    public void Read(string bucket, string key, string? version, Piece piece, CancellationToken cancellationToken)
    {
        if (_client is null)
            throw new LambdaException(LambdaError.InvalidParameterValue(
                "S3Bucket and S3Key need an S3-compatible store, and this node has none: start it with --s3-endpoint URL, or give the zip as ZipFile."));
        if (!_reads.Wait(TimeSpan.Zero, cancellationToken))
            throw new LambdaException(LambdaError.TooManyRequests("CallerRateLimitExceeded"));
        try
        {
            ReadAsync(_client, new GetObjectRequest { BucketName = bucket, Key = key, VersionId = version }, piece, cancellationToken).GetAwaiter().GetResult();
        }
        catch (AmazonS3Exception e) when (e.StatusCode == HttpStatusCode.Forbidden)
        {
            throw new LambdaException(LambdaError.AccessDenied(
                $"Your access has been denied by S3, please make sure your request credentials have permission to GetObject for {bucket}/{key}. {Said(e)}"));
        }
        catch (AmazonS3Exception e) when ((int)e.StatusCode is >= 300 and < 500)
        {
            throw new LambdaException(LambdaError.InvalidParameterValue($"Error occurred while GetObject. {Said(e)}"));
        }
        catch (Exception e) when (e is AmazonServiceException or AmazonClientException or HttpRequestException or IOException or TimeoutException)
        {
            throw new LambdaException(LambdaError.Service($"{bucket}/{key} could not be read from the store at {_name}: {Cut(e.Message)}", 503));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LambdaException(LambdaError.Service($"{bucket}/{key} could not be read from the store at {_name}: it did not answer in time", 503));
        }
        finally
        {
            _reads.Release();
        }
    }

    public void Dispose()
    {
        _client?.Dispose();
        _reads.Dispose();
    }

    private static async Task ReadAsync(AmazonS3Client client, GetObjectRequest request, Piece piece, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(5));
        using GetObjectResponse answer = await client.GetObjectAsync(request, limit.Token);
        byte[] buffer = new byte[128 << 10];
        long left = answer.ContentLength;
        for (int count; (count = await answer.ResponseStream.ReadAsync(buffer, limit.Token)) > 0; left -= count)
            piece(buffer.AsSpan(0, count));
        if (left > 0)
            throw new IOException("the connection ended before the object did");
    }

    private static string Said(AmazonS3Exception e) => $"S3 Error Code: {Cut(e.ErrorCode)}. S3 Error Message: {Cut(e.Message)}";

    private static string Cut(string? text) => text is null ? "" : text.Length > MaxQuoted ? text[..MaxQuoted] : text;
}
