using System.IO.Pipes;
using Hearth.Bench.Load.Processes;

namespace Hearth.Bench.Load.Invocations;

/// <summary>A process at the other end of two pipes that sends back what it gets: the floor of every design that talks to a sandbox by pipes.</summary>
internal sealed class PipeCaller : ICaller
{
    public const int MessageLength = 256;
    private readonly AnonymousPipeServerStream _requests = new(PipeDirection.Out, HandleInheritability.None);
    private readonly AnonymousPipeServerStream _answers = new(PipeDirection.In, HandleInheritability.None);
    private readonly byte[] _request = new byte[MessageLength];
    private readonly byte[] _answer = new byte[MessageLength];
    private readonly SpawnedProgram _program = new(CpuGroup.Wrap(null, Self.Dotnet("Hearth.Bench.Load.dll", EchoPeers.PipeVerb)));
    private readonly int _pid;

    public PipeCaller()
    {
        _pid = _program.Start(Descriptor(_requests.ClientSafePipeHandle), Descriptor(_answers.ClientSafePipeHandle), stderr: 2);
        _requests.DisposeLocalCopyOfClientHandle();
        _answers.DisposeLocalCopyOfClientHandle();
    }

    public void Call(int number)
    {
        Numbered.Write(_request.AsSpan(0, 8), number);
        EchoPeers.Write(_requests.SafePipeHandle, _request);
        if (!EchoPeers.Read(_answers.SafePipeHandle, _answer) || !_answer.AsSpan().SequenceEqual(_request))
            throw new BenchException("the pipe echo did not answer with what it was sent");
    }

    public void Dispose()
    {
        // It ends with its input.
        _requests.Dispose();
        _answers.Dispose();
        SpawnedProgram.Wait(_pid);
        _program.Dispose();
    }

    private static int Descriptor(Microsoft.Win32.SafeHandles.SafePipeHandle handle) => (int)handle.DangerousGetHandle();
}
