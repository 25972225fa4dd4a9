using System.Globalization;

namespace Hearth.ControlPlane.Functions;

/// <summary>Times as most of Lambda's operations write them: ISO 8601 with milliseconds and "+0000".</summary>
public static class LambdaTime
{
    public static string Of(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'+0000'", CultureInfo.InvariantCulture);
}
