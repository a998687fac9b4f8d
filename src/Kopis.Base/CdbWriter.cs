using System.Buffers;
using System.Buffers.Binary;

namespace Kopis.Base;

/// <summary>Builds a constant database; the same bytes as cdbmake for the same records.</summary>
/// <param name="recordBytes">The expected bytes of records, which saves copying.</param>
public sealed class CdbWriter(int recordBytes = 4096)
{
    private readonly ArrayBufferWriter<byte> _records = new(recordBytes);
    private readonly List<(uint Hash, uint Position)>[] _slots = new List<(uint, uint)>[256];

    /// <summary>Adds a record. A key may occur several times; the first one is found.</summary>
    public void Add(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data)
    {
        uint hash = Cdb.Hash(key);
        uint position = (uint)(Cdb.HeaderBytes + _records.WrittenCount);
        (_slots[hash & 255] ??= []).Add((hash, position));
        WriteUInt32(_records, (uint)key.Length);
        WriteUInt32(_records, (uint)data.Length);
        _records.Write(key);
        _records.Write(data);
    }

    /// <summary>The whole file.</summary>
    public byte[] ToArray()
    {
        ArrayBufferWriter<byte> file = new();
        WriteTo(piece => file.Write(piece));
        return file.WrittenSpan.ToArray();
    }

    /// <summary>The whole file in a few large pieces: header, records, tables.</summary>
    public void WriteTo(Action<ReadOnlySpan<byte>> write)
    {
        ArrayBufferWriter<byte> header = new(Cdb.HeaderBytes);
        ArrayBufferWriter<byte> tables = new();
        uint start = checked((uint)(Cdb.HeaderBytes + _records.WrittenCount));
        foreach (List<(uint Hash, uint Position)>? bucket in _slots)
        {
            WriteUInt32(header, checked(start + (uint)tables.WrittenCount));
            WriteUInt32(header, (uint)(bucket?.Count ?? 0) * 2);
            if (bucket is not null)
            {
                WriteTable(tables, bucket);
            }
        }

        write(header.WrittenSpan);
        write(_records.WrittenSpan);
        write(tables.WrittenSpan);
    }

    private static void WriteTable(
        ArrayBufferWriter<byte> to, List<(uint Hash, uint Position)> bucket)
    {
        // Twice as many slots as records, so that a search soon finds an empty one.
        var table = new (uint Hash, uint Position)[bucket.Count * 2];
        foreach ((uint hash, uint position) in bucket)
        {
            uint slot = (hash >> 8) % (uint)table.Length;
            while (table[slot].Position != 0)
            {
                slot = (slot + 1) % (uint)table.Length;
            }

            table[slot] = (hash, position);
        }

        foreach ((uint hash, uint position) in table)
        {
            WriteUInt32(to, hash);
            WriteUInt32(to, position);
        }
    }

    private static void WriteUInt32(ArrayBufferWriter<byte> to, uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(to.GetSpan(4), value);
        to.Advance(4);
    }
}
