namespace Hearth.Sandbox.Cgroups;

/// <summary>Cgroups cannot be used as they are on this machine. The message names the thing, the cause and the fix.</summary>
public class CgroupException(string message) : Exception(message);

/// <summary>The group that this process was started in is not ours to divide.</summary>
public sealed class CgroupOwnershipException(string message) : CgroupException(message);
