using System.Runtime.CompilerServices;
using System.Xml.Linq;
using Xunit;

namespace Hearth.NativeTests.Rules;

/// <summary>The sources that these tests were compiled from, and what was built of them.</summary>
internal static class Repository
{
    private static readonly string[] NotOurs = ["bin", "obj", "artifacts", "node_modules", ".git"];

    /// <summary>The folder with Agent.sln. Skips where the tests run without their sources, as in the VM.</summary>
    public static string Root
    {
        get
        {
            var root = Path.GetDirectoryName(Path.GetDirectoryName(Path.GetDirectoryName(Here())!)!)!;
            if (!File.Exists(Path.Combine(root, "Agent.sln")))
                Assert.Skip("needs the sources: the tests run without them");
            return root;
        }
    }

    /// <summary>Every project but the examples, which are users' code.</summary>
    public static IReadOnlyList<Project> Projects() =>
    [
        .. from path in Files(Root, "*.csproj")
           where !path.Contains("/examples/", StringComparison.Ordinal) && !path.Contains("/Functions/", StringComparison.Ordinal)
           orderby path
           select new Project(path),
    ];

    public static IEnumerable<string> Files(string folder, string pattern) =>
        Directory.EnumerateFiles(folder, pattern).Concat(
            Directory.EnumerateDirectories(folder).Where(child => Array.IndexOf(NotOurs, Path.GetFileName(child)) < 0).SelectMany(child => Files(child, pattern)));

    /// <summary>The folder that holds the assembly of a project and what it needs, beside the folder of these tests.</summary>
    public static string Built(string project, string assembly)
    {
        var bin = Path.GetDirectoryName(Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory)))!;
        var folder = Path.Combine(bin, project);
        var found = Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder, "debug*").Where(one => File.Exists(Path.Combine(one, assembly + ".dll"))).MaxBy(one => File.GetLastWriteTimeUtc(Path.Combine(one, assembly + ".dll")))
            : null;
        if (found is null)
            Assert.Skip($"needs {project}, which was not built: dotnet build Agent.sln");
        return found;
    }

    private static string Here([CallerFilePath] string path = "") => path;
}

/// <summary>What a project file says.</summary>
internal sealed class Project(string path)
{
    private readonly XDocument _xml = XDocument.Load(path);

    public string Name { get; } = Path.GetFileNameWithoutExtension(path);

    public string Folder { get; } = Path.GetDirectoryName(path)!;

    public string Assembly => _xml.Descendants("AssemblyName").FirstOrDefault()?.Value ?? Name;

    public bool Ships => _xml.Descendants("HearthShips").Any(one => one.Value == "true");

    /// <summary>Names of the projects whose assemblies it compiles against; one that it only starts is not among them.</summary>
    public IReadOnlyList<string> References =>
        [.. _xml.Descendants("ProjectReference").Where(one => (string?)one.Attribute("ReferenceOutputAssembly") != "false").Select(one => Path.GetFileNameWithoutExtension((string)one.Attribute("Include")!))];

    public IReadOnlyList<string> Packages => [.. _xml.Descendants("PackageReference").Select(one => (string)one.Attribute("Include")!)];
}
