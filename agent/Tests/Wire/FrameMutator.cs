using System.Buffers.Binary;

namespace Hearth.Agent.Tests.Wire;

/// <summary>Structured damage to golden frames, reproducible from one seed.</summary>
internal sealed class FrameMutator(int seed)
{
    private static readonly byte[] s_typeBytes =
        [0xc0, 0xc1, 0xc2, 0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcf, 0xd0, 0xd3, 0xd4, 0xd8, 0xd9, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xe0, 0xff];

    private readonly Random _random = new(seed);
    private readonly byte[][] _frames = [.. GoldenCase.All.Select(c => c.Bytes).Where(b => b.Length < 2048)];
    private readonly byte[] _work = new byte[8192];

    public Random Random => _random;

    public ReadOnlySpan<byte> Original() => _frames[_random.Next(_frames.Length)];

    /// <summary>A frame with one to three mutations. Valid until the next call.</summary>
    public ReadOnlySpan<byte> Next()
    {
        var frame = Original();
        frame.CopyTo(_work);
        var length = frame.Length;
        for (var i = _random.Next(1, 4); i > 0 && length > 4; i--)
            length = Mutate(length);
        return _work.AsSpan(0, length);
    }

    private int Mutate(int length)
    {
        var at = _random.Next(length);
        var inside = _random.Next(4, length);
        switch (_random.Next(10))
        {
            case 0:
                _work[at] ^= (byte)(1 << _random.Next(8));
                return length;
            case 1:
                _work[inside] = (byte)_random.Next(256);
                return length;
            case 2:
                _work[inside] = s_typeBytes[_random.Next(s_typeBytes.Length)];
                return length;
            case 3:
                // The prefix lies.
                BinaryPrimitives.WriteInt32LittleEndian(_work, _random.Next(3) == 0 ? _random.Next(int.MinValue, int.MaxValue) : _random.Next(0, length * 2));
                return length;
            case 4:
                // Cut, with a prefix that agrees.
                BinaryPrimitives.WriteInt32LittleEndian(_work, inside - 4);
                return inside;
            case 5:
                // An inner length lies.
                if (inside + 4 < length)
                    BinaryPrimitives.WriteUInt32BigEndian(_work.AsSpan(inside), _random.Next(2) == 0 ? uint.MaxValue - (uint)_random.Next(4) : (uint)_random.Next());
                return length;
            case 6:
                // A nesting bomb.
                var depth = _random.Next(1, 1024);
                _work.AsSpan(4, depth).Fill((byte)(_random.Next(2) == 0 ? 0x91 : 0x81));
                BinaryPrimitives.WriteInt32LittleEndian(_work, depth);
                return depth + 4;
            case 7:
                // A piece twice.
                var count = Math.Min(_random.Next(1, 32), length - inside);
                _work.AsSpan(inside, length - inside).ToArray().CopyTo(_work.AsSpan(inside + count));
                BinaryPrimitives.WriteInt32LittleEndian(_work, length + count - 4);
                return length + count;
            case 8:
                // A piece less.
                var less = Math.Min(_random.Next(1, 16), length - inside);
                _work.AsSpan(inside + less, length - inside - less).CopyTo(_work.AsSpan(inside));
                BinaryPrimitives.WriteInt32LittleEndian(_work, length - less - 4);
                return length - less;
            default:
                // Another frame's bytes.
                var other = Original();
                var taken = Math.Min(_random.Next(1, 64), Math.Min(other.Length, length - inside));
                other[..taken].CopyTo(_work.AsSpan(inside));
                return length;
        }
    }
}
