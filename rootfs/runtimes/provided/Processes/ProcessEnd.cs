using System.Globalization;
using Hearth.Wire;

namespace Hearth.Adapter.Processes;

/// <param name="Code">0 when a signal ended it.</param>
/// <param name="Signal">0 when it exited.</param>
internal readonly record struct ProcessEnd(int Code, int Signal)
{
    public static ProcessEnd OfStatus(int status) => (status & 0x7f) == 0 ? new((status >> 8) & 0xff, 0) : new(0, status & 0x7f);

    /// <summary>In the words of Go's ProcessState, which Lambda's messages are.</summary>
    public string Describe() => Signal == 0 ? string.Create(CultureInfo.InvariantCulture, $"exit status {Code}") : $"signal: {SignalNames.Of(Signal)}";
}
