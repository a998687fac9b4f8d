using System.Buffers.Binary;
using System.Numerics;

namespace Kopis.Base;

/// <summary>CRC-32C (Castagnoli), the check on every queue record (docs/queue-format.md).</summary>
public static class Crc32C
{
    /// <summary>The CRC of no bytes, with which <see cref="Append"/> begins.</summary>
    public const uint Empty = 0;

    /// <summary>Continues a CRC with more data.</summary>
    public static uint Append(uint crc, ReadOnlySpan<byte> data)
    {
        crc = ~crc;
        while (data.Length >= 8)
        {
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }

        foreach (byte b in data)
        {
            crc = BitOperations.Crc32C(crc, b);
        }

        return ~crc;
    }

    /// <summary>The CRC of two pieces of data in sequence, from the CRC of each.</summary>
    /// <param name="first">The CRC of the first piece.</param>
    /// <param name="second">The CRC of the second piece.</param>
    /// <param name="secondBytes">The length of the second piece.</param>
    public static uint Combine(uint first, uint second, long secondBytes)
    {
        // As in zlib: appending zero bytes maps the first CRC linearly. There is one map for each
        // power of two of their number.
        Span<uint> map = stackalloc uint[32];
        for (int bit = 0; bit < map.Length; bit++)
        {
            map[bit] = BitOperations.Crc32C(1u << bit, (byte)0);
        }

        for (long left = secondBytes; left > 0; left >>= 1)
        {
            if ((left & 1) != 0)
            {
                first = Map(map, first);
            }

            Square(map);
        }

        return first ^ second;
    }

    private static uint Map(ReadOnlySpan<uint> map, uint crc)
    {
        uint result = 0;
        for (; crc != 0; crc &= crc - 1)
        {
            result ^= map[BitOperations.TrailingZeroCount(crc)];
        }

        return result;
    }

    private static void Square(Span<uint> map)
    {
        Span<uint> twice = stackalloc uint[32];
        for (int bit = 0; bit < map.Length; bit++)
        {
            twice[bit] = Map(map, map[bit]);
        }

        twice.CopyTo(map);
    }

    /// <summary>The CRC of the data.</summary>
    public static uint Of(ReadOnlySpan<byte> data) => Append(Empty, data);
}
