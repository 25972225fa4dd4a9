using Xunit;

namespace Hearth.NativeTests.Rules;

/// <summary>Who may compile against whom: ARCHITECTURE.md, "Boundaries in code".</summary>
public sealed class ProjectReferenceTests
{
    /// <summary>What ships, and everything that each may reference. A new project has to be entered here, which is the moment to think about it.</summary>
    private static readonly Dictionary<string, string[]> Allowed = new()
    {
        ["Hearth.Wire"] = [],
        ["Hearth.Sandbox"] = [],
        ["Hearth.Contracts"] = [],
        ["Hearth.Spawner"] = ["Hearth.Sandbox"],
        ["Hearth.Agent"] = ["Hearth.Wire", "Hearth.Sandbox", "Hearth.Contracts"],
        ["Hearth.ControlPlane"] = ["Hearth.Contracts"],
        ["Hearth.Cli"] = ["Hearth.Contracts"],
        // Runs inside the sandbox: nothing of the host's side belongs there.
        ["Hearth.Runtime"] = [],
        ["Hearth.Adapter"] = ["Hearth.Wire"],
    };

    [Fact]
    public void Projects_reference_only_what_they_may()
    {
        var projects = Repository.Projects();
        Assert.Superset(Allowed.Keys.ToHashSet(), projects.Select(project => project.Name).ToHashSet());
        foreach (var project in projects.Where(project => !IsForWork(project)))
        {
            Assert.True(Allowed.TryGetValue(project.Name, out var allowed), $"{project.Name} is not in the table of this test: say what it may reference");
            Assert.Empty(project.References.Except(allowed));
        }
    }

    [Fact]
    public void Nothing_that_ships_references_tests_or_benchmarks()
    {
        foreach (var project in Repository.Projects().Where(project => !IsForWork(project)))
            Assert.DoesNotContain(project.References, name => name.Contains("Test", StringComparison.Ordinal) || name.Contains("Bench", StringComparison.Ordinal));
    }

    [Fact]
    public void The_spawner_has_no_package_but_those_of_the_sandbox()
    {
        // Everything in it runs as root, and the forked child must not meet a lock of somebody else's.
        Assert.Empty(Repository.Projects().Single(project => project.Name == "Hearth.Spawner").Packages);
        Assert.Equal(["Tmds.LibC"], Repository.Projects().Single(project => project.Name == "Hearth.Sandbox").Packages);
    }

    [Fact]
    public void The_solution_builds_every_project()
    {
        var solution = File.ReadAllText(Path.Combine(Repository.Root, "Agent.sln"));
        Assert.Empty(Repository.Projects().Where(project => !solution.Contains($"\\{project.Name}.csproj\"", StringComparison.Ordinal)).Select(project => project.Name));
    }

    [Fact]
    public void Every_project_has_its_packages_locked()
    {
        var without = Repository.Projects().Where(project => !File.Exists(Path.Combine(project.Folder, "packages.lock.json"))).Select(project => project.Name).ToList();
        Assert.True(without.Count == 0, $"no packages.lock.json: {string.Join(", ", without)}; run: dotnet restore Agent.sln --force-evaluate");
    }

    private static bool IsForWork(Project project) =>
        project.Name.EndsWith("Tests", StringComparison.Ordinal) || project.Name.StartsWith("Hearth.Bench", StringComparison.Ordinal);
}
