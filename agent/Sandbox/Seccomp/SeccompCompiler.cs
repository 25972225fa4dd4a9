namespace Hearth.Sandbox.Seccomp;

/// <summary>Turns a policy into a classic BPF program with as few instructions as it can: the kernel's time to install one grows with them.</summary>
/// <remarks>
/// The numbers become ranges of equal answer. Ranges are grouped into leaves; a balanced tree of comparisons leads to a leaf, which tests its
/// exceptions one by one and else gives its main answer. Every answer is one shared instruction at the end.
/// </remarks>
public static class SeccompCompiler
{
    /// <summary>For the architecture that this process runs on.</summary>
    public static SockFilter[] Compile(SeccompPolicy policy) => Compile(policy, System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture switch
    {
        System.Runtime.InteropServices.Architecture.X64 => SeccompArchitecture.X64,
        System.Runtime.InteropServices.Architecture.Arm64 => SeccompArchitecture.Arm64,
        var other => throw new PlatformNotSupportedException($"seccomp: no table of system calls for {other}; Hearth runs on x86_64 and aarch64"),
    });

    public static SockFilter[] Compile(SeccompPolicy policy, SeccompArchitecture architecture)
    {
        var program = new BpfAssembler();
        if (policy.ChecksArchitecture)
        {
            program.Load(SeccompAbi.ArchOffset);
            var rightArchitecture = new BpfLabel();
            program.Jump(
                BpfCode.JumpEqual,
                architecture == SeccompArchitecture.X64 ? SeccompAbi.ArchX64 : SeccompAbi.ArchArm64,
                rightArchitecture,
                program.Answer(SeccompAction.KillProcess));
            program.Mark(rightArchitecture);
        }

        program.Load(SeccompAbi.NumberOffset);
        var answers = SyscallRanges.Of(policy, architecture);
        EmitTree(program, SearchLeaves.Divide(answers));
        program.EmitConditions();
        return program.Finish();
    }

    private static void EmitTree(BpfAssembler program, ReadOnlySpan<SearchLeaf> leaves)
    {
        if (leaves.Length == 1)
        {
            EmitLeaf(program, leaves[0]);
            return;
        }

        var middle = leaves.Length / 2;
        var right = LabelOf(program, leaves[middle..], out var rightIsAnswer);
        var left = LabelOf(program, leaves[..middle], out var leftIsAnswer);
        program.Jump(BpfCode.JumpAtLeast, leaves[middle].First, right, left);
        if (!leftIsAnswer)
        {
            program.Mark(left);
            EmitTree(program, leaves[..middle]);
        }

        if (!rightIsAnswer)
        {
            program.Mark(right);
            EmitTree(program, leaves[middle..]);
        }
    }

    // A leaf without exceptions needs no instruction of its own.
    private static BpfLabel LabelOf(BpfAssembler program, ReadOnlySpan<SearchLeaf> leaves, out bool isAnswer)
    {
        isAnswer = leaves.Length == 1 && leaves[0].Exceptions.Count == 0;
        return isAnswer ? program.Answer(leaves[0].Main) : new BpfLabel();
    }

    private static void EmitLeaf(BpfAssembler program, SearchLeaf leaf)
    {
        for (var i = 0; i < leaf.Exceptions.Count; i++)
        {
            var isLast = i == leaf.Exceptions.Count - 1;
            var next = isLast ? program.Answer(leaf.Main) : new BpfLabel();
            program.Jump(BpfCode.JumpEqual, leaf.Exceptions[i].Number, program.Answer(leaf.Exceptions[i].Answer), next);
            if (!isLast)
                program.Mark(next);
        }

        if (leaf.Exceptions.Count == 0)
            program.Goto(program.Answer(leaf.Main));
    }
}
