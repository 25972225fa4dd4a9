using System.Globalization;

namespace Hearth.Adapter.Processes;

/// <param name="Code">0 when a signal ended it.</param>
/// <param name="Signal">0 when it exited.</param>
internal readonly record struct ProcessEnd(int Code, int Signal)
{
    public static ProcessEnd OfStatus(int status) => (status & 0x7f) == 0 ? new((status >> 8) & 0xff, 0) : new(0, status & 0x7f);

    /// <summary>In the words of Go's ProcessState, which Lambda's messages are.</summary>
    public string Describe() => Signal == 0 ? string.Create(CultureInfo.InvariantCulture, $"exit status {Code}") : $"signal: {Name(Signal)}";

    private static string Name(int signal) => signal switch
    {
        1 => "hangup",
        2 => "interrupt",
        3 => "quit",
        4 => "illegal instruction",
        5 => "trace/breakpoint trap",
        6 => "aborted",
        7 => "bus error",
        8 => "floating point exception",
        9 => "killed",
        11 => "segmentation fault",
        13 => "broken pipe",
        14 => "alarm clock",
        15 => "terminated",
        _ => string.Create(CultureInfo.InvariantCulture, $"signal {signal}"),
    };
}
