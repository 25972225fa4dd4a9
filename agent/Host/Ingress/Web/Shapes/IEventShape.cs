using System.Text.Json;
using Hearth.Contracts;

namespace Hearth.Agent.Ingress.Web.Shapes;

/// <summary>How a request looks as an event, and an answer as a response: one of AWS's front doors.</summary>
internal interface IEventShape
{
    /// <summary>Headers of the connection's that a function sets are passed on under x-amzn-remapped-.</summary>
    bool Remaps { get; }

    /// <summary>Of a function that failed, or whose answer cannot be understood.</summary>
    WebResponse Failed { get; }

    void WriteEvent(Utf8JsonWriter writer, WebRequest request);

    /// <param name="answer">JSON, or what a function took for it.</param>
    /// <param name="body">Empty; holds the response's afterwards, so that the answer need not be kept.</param>
    /// <returns>Null when it cannot be understood.</returns>
    /// <exception cref="LambdaException">There is no room for its body.</exception>
    WebResponse? Read(ReadOnlyMemory<byte> answer, MadeBody body);

    /// <summary>The function was not run: throttled, or something of ours failed.</summary>
    /// <returns>Null: Lambda's own error is the answer.</returns>
    WebResponse? Refused(LambdaError error);
}

/// <summary>Shapes by the names that routes give them.</summary>
internal static class EventShapes
{
    public static IEventShape Url { get; } = new UrlShape();

    private static readonly Dictionary<string, IEventShape> s_byName = new(StringComparer.Ordinal)
    {
        ["url"] = Url,
        ["apigw-v1"] = new RestApiShape(),
        ["apigw-v2"] = new HttpApiShape(),
        ["alb"] = new LoadBalancerShape(multi: false),
        ["alb-multi"] = new LoadBalancerShape(multi: true),
    };

    /// <returns>Null for one that this agent does not know.</returns>
    public static IEventShape? Of(string name) => s_byName.GetValueOrDefault(name);
}
