using BenchmarkDotNet.Attributes;
using Hearth.Sandbox.Seccomp;

namespace Hearth.Bench.Micro;

/// <summary>Done once, when a spawner starts.</summary>
public class SeccompBenchmarks
{
    [Benchmark]
    public int CompileBase() => SeccompCompiler.Compile(SeccompPolicy.Base).Length;

    [Benchmark]
    public int CompileClosing() => SeccompCompiler.Compile(SeccompPolicy.Closing).Length;
}
