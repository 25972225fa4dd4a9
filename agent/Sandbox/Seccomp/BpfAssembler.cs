namespace Hearth.Sandbox.Seccomp;

/// <summary>A place in the program that jumps may lead to before it is known where it is.</summary>
internal sealed class BpfLabel
{
    public int Position { get; set; } = -1;
}

/// <summary>Collects instructions with symbolic jumps. Classic BPF jumps forward only, by at most 255.</summary>
internal sealed class BpfAssembler
{
    private readonly List<(ushort Code, uint K, BpfLabel? True, BpfLabel? False)> _instructions = [];
    private readonly Dictionary<SeccompAction, BpfLabel> _actions = [];
    private readonly Dictionary<SeccompRule, BpfLabel> _conditions = [];

    public void Mark(BpfLabel label) => label.Position = _instructions.Count;

    public void Load(uint offset) => _instructions.Add((BpfCode.Load, offset, null, null));

    public void And(uint mask) => _instructions.Add((BpfCode.And, mask, null, null));

    public void Jump(ushort code, uint value, BpfLabel whenTrue, BpfLabel whenFalse) => _instructions.Add((code, value, whenTrue, whenFalse));

    /// <summary>A jump without a condition, written as a comparison with two equal ends.</summary>
    public void Goto(BpfLabel target) => Jump(BpfCode.JumpEqual, 0, target, target);

    public BpfLabel Answer(SeccompAction action) => Get(_actions, action);

    public BpfLabel Answer(SyscallAnswer answer) => answer.Conditional is { } rule ? Get(_conditions, rule) : Answer(answer.Action);

    /// <summary>The cases of every conditional rule that an answer led to.</summary>
    public void EmitConditions()
    {
        foreach (var (rule, label) in _conditions)
        {
            Mark(label);
            ConditionEmitter.Emit(this, rule);
        }
    }

    /// <summary>Adds the answers and resolves the jumps.</summary>
    public SockFilter[] Finish()
    {
        foreach (var (action, label) in _actions)
        {
            Mark(label);
            _instructions.Add((BpfCode.Return, action.Value, null, null));
        }

        return [.. _instructions.Select((instruction, i) =>
            new SockFilter(instruction.Code, Distance(i, instruction.True), Distance(i, instruction.False), instruction.K))];
    }

    private static byte Distance(int from, BpfLabel? to)
    {
        if (to is null)
            return 0;
        var distance = to.Position - from - 1;
        return distance is >= 0 and <= byte.MaxValue
            ? (byte)distance
            : throw new InvalidOperationException($"seccomp program: a jump of {distance} instructions; the policy has too many exceptions");
    }

    private static BpfLabel Get<T>(Dictionary<T, BpfLabel> labels, T key)
        where T : notnull
    {
        if (!labels.TryGetValue(key, out var label))
            labels[key] = label = new();
        return label;
    }
}
