using System.Reflection;
using System.Runtime.Loader;

namespace Hearth.Runtime;

/// <summary>The function's assemblies: by its deps.json, then by file name in its folder, then from ASP.NET Core's shared framework.</summary>
internal sealed class FunctionLoadContext(string folder, string assemblyPath) : AssemblyLoadContext("function")
{
    private readonly AssemblyDependencyResolver _resolver = new(assemblyPath);

    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (_resolver.ResolveAssemblyToPath(assemblyName) is { } listed)
            return LoadFromAssemblyPath(listed);
        var name = assemblyName.Name + ".dll";
        // What the base framework has is shared with the runtime: one System.Text.Json, one System.String.
        if (File.Exists(Path.Combine(FrameworkFolder, name)))
            return null;
        var beside = Path.Combine(folder, name);
        if (File.Exists(beside))
            return LoadFromAssemblyPath(beside);
        return AspNetCoreFolder is { } web && File.Exists(Path.Combine(web, name)) ? LoadFromAssemblyPath(Path.Combine(web, name)) : null;
    }

    protected override IntPtr LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : IntPtr.Zero;

    private static string FrameworkFolder { get; } = Path.GetDirectoryName(typeof(object).Assembly.Location)!;

    /// <summary>The newest of the same major version as the running framework.</summary>
    private static string? AspNetCoreFolder { get; } = FindAspNetCore();

    private static string? FindAspNetCore()
    {
        var root = Path.GetFullPath(Path.Combine(FrameworkFolder, "../../Microsoft.AspNetCore.App"));
        return !Directory.Exists(root)
            ? null
            : Directory.EnumerateDirectories(root)
                .Where(d => Version.TryParse(Path.GetFileName(d), out var v) && v.Major == Environment.Version.Major)
                .MaxBy(d => Version.Parse(Path.GetFileName(d)));
    }
}
