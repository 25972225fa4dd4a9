using Hearth.Cli.Node;
using Xunit;

namespace Hearth.Cli.Tests;

public sealed class BoundedLinesTests
{
    [Fact]
    public async Task A_line_without_an_end_is_cut_and_the_next_one_is_whole()
    {
        using var endless = new Endless(letters: 64 << 20, then: "\nready\r\n\nlast");
        var lines = new List<string>();
        await BoundedLines.ReadAsync(endless, lines.Add);
        Assert.Equal([new string('x', BoundedLines.MaxLength), "ready", "", "last"], lines);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4096)]
    public async Task Lines_are_the_same_however_they_arrive(int piece)
    {
        using var reader = new Pieces("a\n\nbc\r\nd", piece);
        var lines = new List<string>();
        await BoundedLines.ReadAsync(reader, lines.Add);
        Assert.Equal(["a", "", "bc", "d"], lines);
    }

    /// <summary>More letters than a test should hold, made as they are read.</summary>
    private sealed class Endless(int letters, string then) : TextReader
    {
        private int _left = letters;
        private int _position;

        public override ValueTask<int> ReadAsync(Memory<char> buffer, CancellationToken cancellationToken = default)
        {
            var count = Math.Min(_left, buffer.Length);
            _left -= count;
            buffer.Span[..count].Fill('x');
            if (count > 0) return ValueTask.FromResult(count);
            count = Math.Min(then.Length - _position, buffer.Length);
            then.AsSpan(_position, count).CopyTo(buffer.Span);
            _position += count;
            return ValueTask.FromResult(count);
        }
    }

    private sealed class Pieces(string text, int piece) : TextReader
    {
        private int _position;

        public override ValueTask<int> ReadAsync(Memory<char> buffer, CancellationToken cancellationToken = default)
        {
            var count = Math.Min(piece, text.Length - _position);
            text.AsSpan(_position, count).CopyTo(buffer.Span);
            _position += count;
            return ValueTask.FromResult(count);
        }
    }
}
