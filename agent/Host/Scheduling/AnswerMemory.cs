using System.Buffers;

namespace Hearth.Agent.Scheduling;

/// <summary>The memory of one streamed answer's pipe, which counts as its function's for as long as the pipe holds it.</summary>
internal sealed class AnswerMemory : MemoryPool<byte>
{
    /// <summary>Set before the first piece is written.</summary>
    public AnswerShare? Share { get; set; }

    public override int MaxBufferSize => 1 << 20;

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1) => new Piece(Share!, minBufferSize > 0 ? minBufferSize : 4096);

    protected override void Dispose(bool disposing)
    {
    }

    private sealed class Piece(AnswerShare share, int length) : IMemoryOwner<byte>
    {
        private byte[]? _bytes = share.Rent(length);

        public Memory<byte> Memory => _bytes;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _bytes, null) is { } bytes)
                share.Return(bytes);
        }
    }
}
