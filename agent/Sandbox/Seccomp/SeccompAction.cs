using Hearth.Sandbox.Linux;

namespace Hearth.Sandbox.Seccomp;

/// <summary>What the kernel does with a call: the value that a filter returns.</summary>
[NotNative("a number in a program")]
public readonly record struct SeccompAction(uint Value)
{
    public static readonly SeccompAction Allow = new(SeccompAbi.RetAllow);

    public static readonly SeccompAction KillProcess = new(SeccompAbi.RetKillProcess);

    /// <summary>The call answers -<paramref name="number"/>; 0 answers success without doing anything.</summary>
    public static SeccompAction Errno(int number) => new(SeccompAbi.RetErrno | (ushort)number);

    public override string ToString() => Value switch
    {
        SeccompAbi.RetAllow => "allow",
        SeccompAbi.RetKillProcess => "kill",
        _ => $"errno {Value & 0xffff}",
    };
}
