using Hearth.Contracts;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>Where a request has its zip: in itself, or in the operator's S3-compatible store.</summary>
public sealed class CodeSource(BlobStore blobs, ObjectStore objects)
{
    /// <param name="code">The structure that holds ZipFile, or S3Bucket and S3Key.</param>
    /// <exception cref="LambdaException">There is none, it is too large, or the store has not got it.</exception>
    public BlobUpload Upload(JsonMembers code, CancellationToken cancellationToken)
    {
        UnsupportedMembers.RefuseInCode(code);
        byte[]? zip = code.Blob("ZipFile");
        (string? bucket, string? key) = (code.Text("S3Bucket"), code.Text("S3Key"));
        if (zip is not null && (bucket is not null || key is not null))
            throw new LambdaException(LambdaError.InvalidParameterValue("Please do not provide other FunctionCode parameters when providing a ZipFile."));
        if (zip is null && (bucket is null || key is null))
            throw new LambdaException(LambdaError.InvalidParameterValue("Please provide a source for function code."));
        BlobUpload upload = zip is null ? blobs.Begin(Contracts.Archives.CodeArchiveLimits.MaxStoredZipBytes) : blobs.Begin();
        try
        {
            if (zip is null)
                objects.Read(bucket!, key!, code.Text("S3ObjectVersion"), upload.Append, cancellationToken);
            else
                upload.Append(zip);
            return upload;
        }
        catch
        {
            upload.Dispose();
            throw;
        }
    }
}
