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

    /// <summary>The CRC of the data.</summary>
    public static uint Of(ReadOnlySpan<byte> data) => Append(Empty, data);
}
