namespace Hearth.Sandbox.Seccomp;

/// <summary>Writes the cases of a rule as tests of its arguments.</summary>
internal static class ConditionEmitter
{
    public static void Emit(BpfAssembler program, SeccompRule rule)
    {
        for (var i = 0; i < rule.Cases.Count; i++)
        {
            var isLastCase = i == rule.Cases.Count - 1;
            var next = isLastCase ? program.Answer(rule.Action) : new BpfLabel();
            EmitCase(program, rule.Cases[i], next);
            if (!isLastCase)
                program.Mark(next);
        }
    }

    private static void EmitCase(BpfAssembler program, SeccompCase @case, BpfLabel otherwise)
    {
        for (var i = 0; i < @case.Tests.Count; i++)
        {
            var isLast = i == @case.Tests.Count - 1;
            var holds = isLast ? program.Answer(@case.Action) : new BpfLabel();
            EmitTest(program, @case.Tests[i], holds, otherwise);
            if (!isLast)
                program.Mark(holds);
        }
    }

    private static void EmitTest(BpfAssembler program, SeccompTest test, BpfLabel holds, BpfLabel otherwise)
    {
        // The low half of an argument comes first on both (little-endian) architectures.
        program.Load(SeccompAbi.ArgumentsOffset + ((uint)test.Argument * sizeof(ulong)) + (test.UpperHalf ? sizeof(uint) : 0u));
        if (test.AnyBit)
        {
            program.Jump(BpfCode.JumpAnyBit, test.Mask, holds, otherwise);
            return;
        }

        if (test.Mask != uint.MaxValue)
            program.And(test.Mask);
        for (var i = 0; i < test.Values.Count; i++)
        {
            var isLast = i == test.Values.Count - 1;
            var next = isLast ? otherwise : new BpfLabel();
            program.Jump(BpfCode.JumpEqual, test.Values[i], holds, next);
            if (!isLast)
                program.Mark(next);
        }
    }
}
