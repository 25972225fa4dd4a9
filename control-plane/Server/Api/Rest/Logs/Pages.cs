using Hearth.Contracts;
using Hearth.ControlPlane.Functions;
using Hearth.ControlPlane.Logs;

namespace Hearth.ControlPlane.Api.Rest.Logs;

/// <summary>Pages of groups and streams, with the words that CloudWatch Logs has for a token that is none.</summary>
internal static class Pages
{
    /// <param name="inOrder">By ascending key, compared by ordinal.</param>
    public static Page<T> Of<T>(IEnumerable<T> inOrder, Func<T, string> key, int limit, string? token)
    {
        try
        {
            return Paging.Of(inOrder, key, limit, token);
        }
        catch (LambdaException)
        {
            throw LogErrors.Invalid("The specified nextToken is invalid.");
        }
    }
}
