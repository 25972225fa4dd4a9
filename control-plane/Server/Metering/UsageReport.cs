using Hearth.Contracts;
using Hearth.Contracts.V1;
using Hearth.ControlPlane.Hosting;
using Hearth.ControlPlane.Store;

namespace Hearth.ControlPlane.Metering;

/// <summary>What functions used and what that costs at the price table.</summary>
public sealed class UsageReport(UsageStore usage, ServerOptions options)
{
    /// <param name="request">Times select whole hours: every hour that the span touches. 0 = without bound.</param>
    public GetUsageResponse Query(GetUsageRequest request)
    {
        if (request.SinceUnixMs < 0 || request.UntilUnixMs < 0)
            throw new LambdaException(LambdaError.InvalidParameterValue("since and until are Unix times in milliseconds, 0 for no bound; a negative one is neither."));
        const long HourMs = UsageStore.HourSeconds * 1000L;
        long from = request.SinceUnixMs / HourMs * UsageStore.HourSeconds;
        long to = request.UntilUnixMs == 0 ? long.MaxValue : (long)((ulong)(request.UntilUnixMs - 1) / HourMs + 1) * UsageStore.HourSeconds;
        string? name = request.FunctionName.Length == 0 ? null : FunctionName.Parse(request.FunctionName).Name;

        var response = new GetUsageResponse
        {
            PricePerMillionRequests = options.PricePerMillionRequests,
            PricePerGbSecond = options.PricePerGbSecond,
        };
        foreach (FunctionUsage row in usage.Query(name, from, to))
        {
            row.Cost = Cost(row.Requests, row.BilledMbMs);
            response.Functions.Add(row);
        }

        return response;
    }

    private double Cost(long requests, long billedMbMs) =>
        requests / 1_000_000.0 * options.PricePerMillionRequests + billedMbMs / 1024.0 / 1000.0 * options.PricePerGbSecond;
}
