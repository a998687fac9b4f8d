using System.Buffers.Binary;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users.Virtual;

/// <summary>Looks up keys in a constant database on disk, with two or three reads each. For a
/// database so large that no process should hold a copy. Replacing the file does not disturb an
/// open one.</summary>
internal sealed class CdbFile : IDisposable
{
    private const int RecordHeaderBytes = 8;
    private const int FirstReadBytes = 512; // Usually a whole record.
    private const int ProbesMax = 10_000; // In a table that is half full, a few are enough.
    private const int DataBytesMax = 1024 * 1024; // No line of a table is nearly that long.

    private readonly byte[] _header = new byte[Cdb.HeaderBytes];
    private readonly int _fd;

    private CdbFile(int fd)
    {
        _fd = fd;
        Read(_header, 0);
    }

    /// <summary>Opens a file; null if it does not exist or cannot be a database.</summary>
    internal static CdbFile? TryOpen(string path)
    {
        return TryTake(Fd.TryOpen(
            Fd.PathBytes(path), OpenFlags.ReadOnly | OpenFlags.NonBlocking, out _));
    }

    /// <summary>Takes over an open file; null if it cannot be a database.</summary>
    internal static CdbFile? TryTake(int fd)
    {
        if (fd < 0)
        {
            return null;
        }

        try
        {
            return new CdbFile(fd);
        }
        catch (Exception e) when (e is PosixException or InvalidDataException)
        {
            Fd.Close(fd);
            return null;
        }
    }

    /// <summary>The data of the first record with the key; null if there is none.</summary>
    /// <exception cref="InvalidDataException">The file is damaged: it points outside itself.
    /// </exception>
    /// <exception cref="PosixException">The disk failed.</exception>
    internal byte[]? Find(ReadOnlySpan<byte> key)
    {
        uint hash = Cdb.Hash(key);
        Span<byte> pair = _header.AsSpan((int)(hash & 255) * Cdb.SlotBytes, Cdb.SlotBytes);
        (uint table, uint slots) = Pair(pair);
        Span<byte> slot = stackalloc byte[Cdb.SlotBytes];
        for (uint i = 0; i < slots; i++)
        {
            if (i > ProbesMax)
            {
                throw Damaged();
            }

            ulong place = ((ulong)(hash >> 8) + i) % slots;
            Read(slot, table + ((long)place * Cdb.SlotBytes));
            (uint slotHash, uint position) = Pair(slot);
            if (position == 0)
            {
                return null;
            }

            if (slotHash == hash && Match(position, key) is { } data)
            {
                return data;
            }
        }

        return null;
    }

    public void Dispose() => Fd.Close(_fd);

    private byte[]? Match(uint position, ReadOnlySpan<byte> key)
    {
        Span<byte> first = stackalloc byte[FirstReadBytes];
        first = first[..Fd.ReadAt(_fd, first, position)];
        if (first.Length < RecordHeaderBytes)
        {
            throw Damaged();
        }

        (uint keyLength, uint dataLength) = Pair(first);
        if (keyLength != key.Length || dataLength > DataBytesMax)
        {
            return dataLength > DataBytesMax ? throw Damaged() : null;
        }

        byte[] record = new byte[keyLength + dataLength];
        ReadOnlySpan<byte> there = first[RecordHeaderBytes..];
        there = there[..Math.Min(there.Length, record.Length)];
        there.CopyTo(record);
        if (there.Length < record.Length)
        {
            Read(record.AsSpan(there.Length), position + RecordHeaderBytes + there.Length);
        }

        return record.AsSpan().StartsWith(key) ? record[key.Length..] : null;
    }

    private void Read(Span<byte> to, long at)
    {
        if (Fd.ReadAt(_fd, to, at) != to.Length)
        {
            throw Damaged();
        }
    }

    private static (uint First, uint Second) Pair(ReadOnlySpan<byte> bytes) => (
        BinaryPrimitives.ReadUInt32LittleEndian(bytes),
        BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]));

    private static InvalidDataException Damaged() => new("The cdb file is damaged or cut short.");
}
