namespace Hearth.Agent.Ingress;

/// <summary>What clients together may take of the node's memory, and one of them of its time.</summary>
/// <param name="BodyBytes">Of gathered events, see <see cref="BodyBudget"/>; more than four times the largest.</param>
/// <param name="AnswerBytes">Of answers that callers have not taken yet, see <see cref="Scheduling.AnswerBudget"/>.</param>
internal sealed record IngressLimits(long BodyBytes, long AnswerBytes)
{
    /// <summary>
    /// Bytes a second that a client sends of a body, and takes of an answer, on average and after <see cref="Grace"/>: the largest event or answer is held for less than 7 minutes. Whoever
    /// is slower is disconnected; a modem of 1998 is not.
    /// </summary>
    public int LeastRate { get; init; } = 16 * 1024;

    /// <summary>More than a second, which is how often Kestrel looks.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the head of a request that is passed on to the control plane to the end of its answer: an upload of 67 MB has to come at 75 KiB a second.</summary>
    public TimeSpan PassTime { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>An eighth of the memory that this process may use, and 256 MiB at least, for bodies and as much for answers.</summary>
    public static IngressLimits ForMachine()
    {
        var bytes = Math.Max(256L << 20, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 8);
        return new IngressLimits(bytes, bytes);
    }
}
