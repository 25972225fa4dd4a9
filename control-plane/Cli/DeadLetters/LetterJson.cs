using System.Text.Json;
using Hearth.Contracts.V1;

namespace Hearth.Cli.DeadLetters;

/// <summary>A dead letter for scripts.</summary>
internal static class LetterJson
{
    public static void Write(Utf8JsonWriter writer, DeadLetter letter)
    {
        writer.WriteStartObject();
        writer.WriteString("RequestId", letter.RequestId);
        writer.WriteString("FunctionName", letter.FunctionName);
        if (letter.Qualifier.Length > 0) writer.WriteString("Qualifier", letter.Qualifier);
        writer.WriteNumber("AcceptedUnixMs", letter.AcceptedUnixMs);
        writer.WriteNumber("DiedUnixMs", letter.DiedUnixMs);
        writer.WriteString("Condition", letter.Condition);
        writer.WriteNumber("Tries", letter.Tries);
        writer.WriteString("ErrorType", letter.ErrorType);
        writer.WriteString("ErrorMessage", letter.ErrorMessage);
        if (letter.Note.Length > 0) writer.WriteString("Note", letter.Note);
        writer.WriteNumber("PayloadBytes", letter.PayloadBytes);
        if (letter.Payload.Length > 0) writer.WriteString("Payload", letter.Payload.ToStringUtf8());
        if (letter.Response.Length > 0) writer.WriteString("Response", letter.Response.ToStringUtf8());
        writer.WriteEndObject();
    }
}
