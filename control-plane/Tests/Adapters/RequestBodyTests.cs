using Hearth.Contracts;
using Hearth.Contracts.Access;
using Hearth.ControlPlane.Api.Rest;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace Hearth.ControlPlane.Tests.Adapters;

/// <summary>What bodies may take together.</summary>
public class RequestBodyTests
{
    // A body of 20,000 bytes takes a buffer of 32 KiB, and its length again while it is worked on.
    private const int Length = 20_000;
    private const int Taken = (32 * 1024) + Length;

    [Fact]
    public async Task BodiesThatAreNotProvedYetHaveHalfOfTheRoom()
    {
        var bodies = new RequestBody(2 * Taken);
        // While one of each is worked on, there is room for neither; of the unproved ones already a second is too many.
        await UseAsync(bodies, isUnproved: true, async () =>
        {
            Assert.Equal("CallerRateLimitExceeded", await RefusalAsync(bodies, isUnproved: true));
            Assert.Null(await RefusalAsync(bodies, isUnproved: false));
            await UseAsync(bodies, isUnproved: false, async () => Assert.Equal("CallerRateLimitExceeded", await RefusalAsync(bodies, isUnproved: false)));
        });
        // All of it is given back.
        Assert.Null(await RefusalAsync(bodies, isUnproved: true));
        await UseAsync(bodies, isUnproved: false, async () => Assert.Null(await RefusalAsync(bodies, isUnproved: false)));
    }

    private static async Task<string?> RefusalAsync(RequestBody bodies, bool isUnproved)
    {
        try
        {
            await UseAsync(bodies, isUnproved, () => Task.CompletedTask);
            return null;
        }
        catch (LambdaException e)
        {
            return e.Error.Reason;
        }
    }

    private static Task<int> UseAsync(RequestBody bodies, bool isUnproved, Func<Task> meanwhile)
    {
        var http = new DefaultHttpContext();
        http.Request.Body = new MemoryStream(System.Text.Encoding.ASCII.GetBytes("{}".PadRight(Length)));
        if (isUnproved)
            http.Request.Headers[CallerIdentity.UnprovedHeader] = "1";
        return bodies.UseAsync(http, "CreateFunction", mayBeEmpty: false, _ =>
        {
            meanwhile().GetAwaiter().GetResult();
            return 0;
        });
    }
}
