namespace Hearth.Bench.Micro;

/// <summary>Where benchmarks and BenchmarkDotNet write; the caller removes it.</summary>
internal static class WorkFolder
{
    public static string Path { get; set; } = System.IO.Path.GetTempPath();
}
