using Xunit;

namespace Hearth.NativeTests.Harness;

/// <summary>What a test needs of the machine; where it is not there the test is skipped with the reason.</summary>
internal static class Needs
{
    public static void Root()
    {
        if (!Environment.IsPrivilegedProcess)
            Assert.Skip("needs root: a node makes namespaces, mounts and cgroups");
    }

    /// <summary>A node that was built by <c>./hearth build</c>.</summary>
    public static void Node()
    {
        Root();
        if (!File.Exists(Published.Program("hearth")))
            Assert.Skip($"needs a built node: {Published.Program("hearth")} is absent; run ./hearth build");
    }

    public static void Program(string path, string package)
    {
        if (!File.Exists(path))
            Assert.Skip($"needs {path}: apt-get install {package}");
    }
}
