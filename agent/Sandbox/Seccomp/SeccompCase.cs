namespace Hearth.Sandbox.Seccomp;

/// <summary>What to do when all tests hold.</summary>
public sealed record SeccompCase(SeccompAction Action, params IReadOnlyList<SeccompTest> Tests);

/// <summary>Cases in order, and what to do when none holds.</summary>
public sealed record SeccompCondition(SeccompAction Otherwise, params IReadOnlyList<SeccompCase> Cases);

/// <summary>
/// A test of one half of an argument, the low 32 bits where nothing else is said: those are all that the kernel looks at in an int, and all the namespace flags
/// of clone. A pointer takes a test of each half.
/// </summary>
/// <param name="Argument">0 to 5.</param>
/// <param name="Mask">Put over the argument before it is compared; all ones for none.</param>
/// <param name="Values">Holds when the masked argument is one of these; when there is none, when any bit of the mask is set.</param>
public sealed record SeccompTest(int Argument, uint Mask, params IReadOnlyList<uint> Values)
{
    public bool AnyBit => Values.Count == 0;

    /// <summary>Looks at bits 32 to 63 instead.</summary>
    public bool UpperHalf { get; init; }

    public static SeccompTest Is(int argument, params uint[] values) => new(argument, uint.MaxValue, values);

    public static SeccompTest Masked(int argument, uint mask, params uint[] values) => new(argument, mask, values);

    public static SeccompTest HasAny(int argument, uint bits) => new(argument, bits);

    public static SeccompTest UpperHasAny(int argument, uint bits) => new(argument, bits) { UpperHalf = true };
}
