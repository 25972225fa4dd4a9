using System.Buffers.Binary;

namespace Hearth.Contracts.Archives;

/// <summary>The checksum of zip and of AWS's event streams (polynomial 0xEDB88320), eight bytes a step.</summary>
public static class Crc32
{
    private static readonly uint[][] Tables = MakeTables();

    /// <param name="crc">0 to begin with.</param>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        uint[][] t = Tables;
        crc = ~crc;
        while (data.Length >= 8)
        {
            uint low = BinaryPrimitives.ReadUInt32LittleEndian(data) ^ crc;
            uint high = BinaryPrimitives.ReadUInt32LittleEndian(data[4..]);
            crc = t[7][low & 0xFF] ^ t[6][(low >> 8) & 0xFF] ^ t[5][(low >> 16) & 0xFF] ^ t[4][low >> 24]
                ^ t[3][high & 0xFF] ^ t[2][(high >> 8) & 0xFF] ^ t[1][(high >> 16) & 0xFF] ^ t[0][high >> 24];
            data = data[8..];
        }

        foreach (byte b in data)
            crc = t[0][(crc ^ b) & 0xFF] ^ (crc >> 8);
        return ~crc;
    }

    private static uint[][] MakeTables()
    {
        var tables = new uint[8][];
        for (int k = 0; k < 8; k++)
        {
            tables[k] = new uint[256];
            for (uint n = 0; n < 256; n++)
            {
                uint c = n;
                if (k > 0)
                    c = tables[0][tables[k - 1][n] & 0xFF] ^ (tables[k - 1][n] >> 8);
                else
                {
                    for (int bit = 0; bit < 8; bit++)
                        c = (c & 1) != 0 ? 0xEDB8_8320 ^ (c >> 1) : c >> 1;
                }

                tables[k][n] = c;
            }
        }

        return tables;
    }
}
