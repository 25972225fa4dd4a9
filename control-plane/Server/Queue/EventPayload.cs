using System.Text.Json;
using System.Text.Unicode;
using Hearth.Contracts;

namespace Hearth.ControlPlane.Queue;

/// <summary>Checks of a payload that does not come from an agent, which makes the same ones.</summary>
public static class EventPayload
{
    /// <param name="payload">Empty is none, which a function sees as <c>{}</c>.</param>
    /// <exception cref="LambdaException">Too large or not JSON.</exception>
    public static void Check(ReadOnlySpan<byte> payload)
    {
        if (payload.Length > EventLimits.MaxPayloadBytes)
            throw new LambdaException(LambdaError.EventTooLarge(payload.Length));
        if (!payload.IsEmpty)
            RequireJson(payload);
    }

    /// <exception cref="LambdaException">It is not.</exception>
    public static void RequireJson(ReadOnlySpan<byte> payload)
    {
        if (!Utf8.IsValid(payload))
            throw new LambdaException(LambdaError.PayloadNotJson("Invalid UTF-8"));
        var reader = new Utf8JsonReader(payload, new JsonReaderOptions { MaxDepth = EventLimits.MaxJsonDepth });
        try
        {
            while (reader.Read())
            {
                // Only whether it can be read matters.
            }
        }
        catch (JsonException e)
        {
            throw new LambdaException(LambdaError.PayloadNotJson(e.Message));
        }
    }
}
