using System.Buffers.Binary;

namespace Kopis.Base;

/// <summary>
/// Looks keys up in a constant database image, byte-compatible with D. J. Bernstein's cdb:
/// 256 (position, length) pairs of little-endian u32, then records (key length, data length, key,
/// data), then the hash tables of (hash, position) slots.
/// </summary>
public static class Cdb
{
    /// <summary>The size of the header, which lists the hash tables.</summary>
    public const int HeaderBytes = 2048;

    /// <summary>The size of a slot, and of a pair in the header.</summary>
    public const int SlotBytes = 8;

    private const uint HashStart = 5381;

    /// <summary>Finds the first record with the key.</summary>
    /// <param name="image">The whole file.</param>
    /// <param name="key">The key, byte for byte.</param>
    /// <param name="data">The record's data; empty if there is none.</param>
    /// <exception cref="InvalidDataException">The file points outside itself.</exception>
    public static bool TryFind(
        ReadOnlySpan<byte> image, ReadOnlySpan<byte> key, out ReadOnlySpan<byte> data)
    {
        uint hash = Hash(key);
        int pair = (int)(hash & 255) * SlotBytes;
        uint table = ReadUInt32(image, (uint)pair);
        uint slots = ReadUInt32(image, (uint)pair + 4);
        data = [];
        for (uint i = 0; i < slots; i++)
        {
            uint slot = ((hash >> 8) + i) % slots;
            long place = table + ((long)slot * SlotBytes);
            uint position = ReadUInt32(image, place + 4);
            if (position == 0)
            {
                return false;
            }

            if (ReadUInt32(image, place) == hash && Matches(image, position, key, out data))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>All records, in the order in which they were added.</summary>
    /// <exception cref="InvalidDataException">The file is damaged.</exception>
    public static IEnumerable<(ReadOnlyMemory<byte> Key, ReadOnlyMemory<byte> Data)> Records(
        ReadOnlyMemory<byte> image)
    {
        long at = HeaderBytes;
        long end = long.MaxValue; // The records end where the first table begins.
        for (int pair = 0; pair < HeaderBytes; pair += SlotBytes)
        {
            end = Math.Min(end, ReadUInt32(image.Span, pair));
        }

        while (at < end)
        {
            uint key = ReadUInt32(image.Span, at);
            uint data = ReadUInt32(image.Span, at + 4);
            at += 8;
            if (at + key + data > end || end > image.Length)
            {
                throw new InvalidDataException("The cdb file is damaged or cut short.");
            }

            yield return (
                image.Slice((int)at, (int)key), image.Slice((int)(at + key), (int)data));
            at += (long)key + data;
        }
    }

    /// <summary>Whether the tables that the header names are inside the file.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> image)
    {
        for (int pair = 0; pair < HeaderBytes; pair += SlotBytes)
        {
            if (image.Length < HeaderBytes
                || ReadUInt32(image, pair) + ((long)ReadUInt32(image, pair + 4) * SlotBytes)
                    > image.Length)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>cdb's hash: h = h × 33 ^ c, from 5381.</summary>
    public static uint Hash(ReadOnlySpan<byte> key)
    {
        uint hash = HashStart;
        foreach (byte b in key)
        {
            hash = unchecked(hash + (hash << 5)) ^ b;
        }

        return hash;
    }

    private static bool Matches(
        ReadOnlySpan<byte> image, uint position, ReadOnlySpan<byte> key,
        out ReadOnlySpan<byte> data)
    {
        data = [];
        uint keyLength = ReadUInt32(image, position);
        uint dataLength = ReadUInt32(image, (long)position + 4);
        if (keyLength != key.Length
            || !Slice(image, (long)position + 8, keyLength).SequenceEqual(key))
        {
            return false;
        }

        data = Slice(image, (long)position + 8 + keyLength, dataLength);
        return true;
    }

    private static uint ReadUInt32(ReadOnlySpan<byte> image, long at) =>
        BinaryPrimitives.ReadUInt32LittleEndian(Slice(image, at, 4));

    private static ReadOnlySpan<byte> Slice(ReadOnlySpan<byte> image, long at, long length) =>
        at >= 0 && at + length <= image.Length
            ? image.Slice((int)at, (int)length)
            : throw new InvalidDataException("The cdb file is damaged or cut short.");
}
