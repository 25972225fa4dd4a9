using System.Text.Json;
using Hearth.Contracts;
using Hearth.Contracts.Access;

namespace Hearth.ControlPlane.Api.Rest;

/// <summary>Reads a JSON body whole, bounded each and all together. The buffer grows with what really arrives, not with what Content-Length promises.</summary>
/// <param name="maxTotalBytes">Of all bodies that are being read or worked on. Those whose signature is not known to be right before their end may be half of it: who has proved who it is finds the other half.</param>
public sealed class RequestBody(long maxTotalBytes)
{
    /// <summary>AWS's bound of a CreateFunction request: a 50 MiB zip as base64, and settings.</summary>
    private const int MaxBytes = 70_167_211;

    private const int FirstBytes = 16 * 1024;

    private long _total;
    private long _unproved;

    public RequestBody()
        : this(512L << 20)
    {
    }

    /// <summary>Parses the body and passes its root, an object; both are gone afterwards.</summary>
    /// <param name="mayBeEmpty">Every member is optional: no body is one without members.</param>
    /// <param name="maxBytes">Of the body.</param>
    /// <exception cref="LambdaException">Too large, not JSON, not an object, or too many uploads at once.</exception>
    public async Task<T> UseAsync<T>(HttpContext http, string operation, bool mayBeEmpty, Func<JsonMembers, T> use, int maxBytes = MaxBytes)
    {
        if (http.Request.ContentLength > maxBytes)
            throw new LambdaException(LambdaError.RequestTooLarge(maxBytes, operation));
        long reserved = 0;
        bool isUnproved = http.Request.Headers.ContainsKey(CallerIdentity.UnprovedHeader);
        byte[] buffer = [];
        try
        {
            int length = 0;
            while (true)
            {
                if (length == buffer.Length)
                {
                    int larger = Math.Min(Math.Max(FirstBytes, buffer.Length * 2), maxBytes + 1);
                    Reserve(larger - buffer.Length, isUnproved, ref reserved);
                    Array.Resize(ref buffer, larger);
                }

                int read = await http.Request.Body.ReadAsync(buffer.AsMemory(length), http.RequestAborted);
                if (read == 0)
                    break;
                length += read;
                if (length > maxBytes)
                    throw new LambdaException(LambdaError.RequestTooLarge(maxBytes, operation));
            }

            // Decoding base64 takes three quarters of the text once more.
            Reserve(length, isUnproved, ref reserved);
            if (length == 0 && mayBeEmpty)
                return use(default);
            using JsonDocument document = Parse(buffer.AsMemory(0, length));
            return use(new JsonMembers(document.RootElement));
        }
        finally
        {
            Interlocked.Add(ref _total, -reserved);
            if (isUnproved)
                Interlocked.Add(ref _unproved, -reserved);
        }
    }

    /// <summary>Reads a body that nobody wants.</summary>
    /// <exception cref="LambdaException">It is larger than any that could be meant.</exception>
    public static async Task SkipAsync(HttpContext http)
    {
        const int MaxUnwanted = 64 * 1024;
        byte[] buffer = new byte[4096];
        int read, length = 0;
        while ((read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0)
        {
            if ((length += read) > MaxUnwanted)
                throw new LambdaException(LambdaError.EntityTooLarge("Request is too large: this operation takes no body"));
        }
    }

    private void Reserve(int bytes, bool isUnproved, ref long reserved)
    {
        reserved += bytes;
        if (Interlocked.Add(ref _total, bytes) > maxTotalBytes | (isUnproved && Interlocked.Add(ref _unproved, bytes) > maxTotalBytes / 2))
            throw new LambdaException(LambdaError.TooManyRequests("CallerRateLimitExceeded", "Too many large uploads at once; try again in a moment."));
    }

    private static JsonDocument Parse(ReadOnlyMemory<byte> json)
    {
        try
        {
            JsonDocument document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
                return document;
            document.Dispose();
            throw new LambdaException(LambdaError.Serialization("Start of structure or map found where not expected."));
        }
        catch (JsonException e)
        {
            throw new LambdaException(LambdaError.Serialization($"Could not parse request body into json: line {e.LineNumber + 1}, byte {e.BytePositionInLine}: the body is not JSON"));
        }
    }
}
