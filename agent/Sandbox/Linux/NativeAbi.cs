namespace Hearth.Sandbox.Linux;

// The ABI test (native-tests/Abi) turns these into _Static_asserts and compiles them with gcc against the system's headers.
// Every unmanaged struct of this assembly carries exactly one of NativeStruct, ProtocolStruct and NotNative, else that test fails.

/// <summary>This struct is laid out as a C struct: its size and the offset and size of each field are compared with the headers.</summary>
/// <remarks>A field <c>PidFd</c> is compared with <c>pid_fd</c> where nothing else is said.</remarks>
/// <param name="cType">As C spells it: <c>struct clone_args</c>, <c>sigset_t</c>.</param>
/// <param name="headers">In the order of inclusion: <c>linux/sched.h</c>.</param>
[AttributeUsage(AttributeTargets.Struct)]
public sealed class NativeStructAttribute(string cType, params string[] headers) : Attribute
{
    public string CType { get; } = cType;

    public string[] Headers { get; } = headers;

    /// <summary>Ours ends earlier than the header's, as the kernel allows for extensible structs; its size is not compared.</summary>
    public bool Prefix { get; set; }

    /// <summary>"Number=info.lo_number": C names where the rule does not give them. The same as <see cref="NativeNameAttribute"/>, for several declared at once.</summary>
    public string[] Fields { get; set; } = [];
}

/// <summary>A message of our own between two processes: <paramref name="size"/> bytes with no padding anywhere, laid out as C would.</summary>
[AttributeUsage(AttributeTargets.Struct)]
public sealed class ProtocolStructAttribute(int size) : Attribute
{
    public int Size { get; } = size;
}

/// <summary>How a constant's name becomes the C one, before the prefix is put.</summary>
public enum NativeCase
{
    /// <summary>EPERM stays EPERM.</summary>
    Same,

    /// <summary>NewNs: NEWNS.</summary>
    Upper,

    /// <summary>SetPdeathsig: SET_PDEATHSIG.</summary>
    UpperSnake,

    /// <summary>PivotRoot: pivot_root.</summary>
    LowerSnake,
}

/// <summary>Every integral constant in this class, or member of this enum, private ones included, has the value that the headers give its name.</summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Struct | AttributeTargets.Enum)]
public sealed class NativeConstantsAttribute(params string[] headers) : Attribute
{
    public string[] Headers { get; } = headers;

    /// <summary>Put before each name that is not in <see cref="Names"/>: "__NR_" for a table of syscall numbers.</summary>
    public string Prefix { get; set; } = "";

    public NativeCase Case { get; set; }

    /// <summary>"ReadOnly=O_RDONLY": whole C names where the rule does not give them. The same as <see cref="NativeNameAttribute"/>, for several declared at once.</summary>
    public string[] Names { get; set; } = [];
}

/// <summary>The C name of a field or constant, where it is not ours.</summary>
[AttributeUsage(AttributeTargets.Field)]
public sealed class NativeNameAttribute(string name) : Attribute
{
    public string Name { get; } = name;

    /// <summary>Newer than the headers of some build machines: compared only where the headers define it (macros only).</summary>
    public bool Optional { get; set; }
}

/// <summary>A struct or constant that never meets the kernel or another process.</summary>
[AttributeUsage(AttributeTargets.Struct | AttributeTargets.Class | AttributeTargets.Enum | AttributeTargets.Field)]
public sealed class NotNativeAttribute(string reason) : Attribute
{
    public string Reason { get; } = reason;
}
