using System.Runtime.InteropServices;

namespace Hearth.Bench.Load.Processes;

/// <summary>Command lines of .NET programs that lie beside this one, by the host that runs this one: it may be installed anywhere.</summary>
internal static class Self
{
    public static string[] Dotnet(string assembly, params string[] arguments) =>
        [Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet")), Path.Combine(AppContext.BaseDirectory, assembly), .. arguments];
}
