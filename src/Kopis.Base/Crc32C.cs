using System.Buffers.Binary;
using System.Numerics;

namespace Kopis.Base;

/// <summary>CRC-32C (Castagnoli), the check on every queue record (docs/queue-format.md).</summary>
public static class Crc32C
{
    /// <summary>The value for no bytes, to be carried through <see cref="Append"/>.</summary>
    public const uint Empty = 0;

    /// <summary>The CRC of what <paramref name="crc"/> stood for, followed by the data.</summary>
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

    /// <summary>The CRC of two pieces, one behind the other.</summary>
    /// <param name="first">That of the first.</param>
    /// <param name="second">That of the second.</param>
    /// <param name="secondBytes">The length of the second.</param>
    public static uint Combine(uint first, uint second, long secondBytes)
    {
        // As zlib does it: zero bytes behind the first are a linear map of its CRC, one for each
        // power of two of them.
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
