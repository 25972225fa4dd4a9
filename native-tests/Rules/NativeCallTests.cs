using System.Text.RegularExpressions;
using Xunit;

namespace Hearth.NativeTests.Rules;

/// <summary>Native calls are bound in one folder. Everyone else uses its wrappers, Tmds.LibC or Mono.Posix.</summary>
public sealed partial class NativeCallTests
{
    /// <summary>Where a binding may stand, and why there.</summary>
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["agent/Sandbox/Linux/"] = "the folder for calls that Tmds.LibC lacks; their structs are checked by the ABI test",
        ["agent/Sandbox/Cgroups/"] = "openat-style calls on cgroup files, checked by the same test",
        ["agent/Spawner/StopSignal.cs"] = "takes the address of libc's close for a signal handler that needs no thread, and calls nothing",
        ["bench/Load/Processes/Native.cs"] = "posix_spawn and wait4: peers are not charged for .NET's own Process, and each child's CPU time is known",
        ["rootfs/runtimes/provided/Processes/Native.cs"] = "runs inside the sandbox, which the host's folder of bindings is no part of; starting processes is what Tmds.LibC lacks",
        ["rootfs/runtimes/dotnet/Native.cs"] = "runs inside the sandbox, where no package of ours may be on a function's load path",
    };

    [Fact]
    public void Bindings_stand_where_they_may()
    {
        var found = Repository.Files(Repository.Root, "*.cs").Where(file => Binding().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(Repository.Root, file)).ToList();
        Assert.NotEmpty(found);
        var elsewhere = found.Where(file => !Allowed.Keys.Any(place => file.StartsWith(place, StringComparison.Ordinal)));
        Assert.True(!elsewhere.Any(), $"native calls are bound outside of {string.Join(", ", Allowed.Keys)}: {string.Join(", ", elsewhere)}");
    }

    [Fact]
    public void Every_exception_is_needed()
    {
        foreach (var (place, reason) in Allowed.Where(one => one.Key.EndsWith(".cs", StringComparison.Ordinal)))
            Assert.True(Binding().IsMatch(File.ReadAllText(Path.Combine(Repository.Root, place))), $"{place} binds nothing any more: take it off the list ({reason})");
    }

    [GeneratedRegex(@"^\s*\[(DllImport|LibraryImport)\(|NativeLibrary\.(Load|TryLoad)", RegexOptions.Multiline)]
    private static partial Regex Binding();
}
