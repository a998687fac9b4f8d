using System.Buffers.Binary;
using Kopis.Base;

namespace Kopis.Server.Greylist;

/// <summary>A record of the greylist's file. All records have the same size and a checksum of their
/// own.</summary>
/// <param name="Kind">The kind of record.</param>
/// <param name="Key">The key: part of a hash.</param>
/// <param name="Network">The network that it came from: part of a hash.</param>
/// <param name="Time">Unix seconds; until 2106.</param>
internal readonly record struct GreyRecord(
    GreyKind Kind, UInt128 Key, ulong Network, uint Time)
{
    /// <summary>The size: mark, kind, padding, time, network, key, and the Crc32C of these; numbers
    /// are little-endian.</summary>
    internal const int Bytes = 36;

    private const int CheckedBytes = Bytes - sizeof(uint);
    private const ushort Mark = 0x7267; // "gr"

    /// <summary>Writes the record.</summary>
    internal void WriteTo(Span<byte> to)
    {
        BinaryPrimitives.WriteUInt16LittleEndian(to, Mark);
        (to[2], to[3]) = ((byte)Kind, 0);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], Time);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], Network);
        BinaryPrimitives.WriteUInt128LittleEndian(to[16..], Key);
        BinaryPrimitives.WriteUInt32LittleEndian(
            to[CheckedBytes..], Crc32C.Of(to[..CheckedBytes]));
    }

    /// <summary>Parses the record at the start of some bytes.</summary>
    /// <returns>False if there is no valid record.</returns>
    internal static bool TryRead(ReadOnlySpan<byte> from, out GreyRecord record)
    {
        record = default;
        if (from.Length < Bytes
            || BinaryPrimitives.ReadUInt16LittleEndian(from) != Mark
            || from[2] is not ((byte)GreyKind.Waiting or (byte)GreyKind.Known)
            || BinaryPrimitives.ReadUInt32LittleEndian(from[CheckedBytes..])
                != Crc32C.Of(from[..CheckedBytes]))
        {
            return false;
        }

        record = new GreyRecord(
            (GreyKind)from[2], BinaryPrimitives.ReadUInt128LittleEndian(from[16..]),
            BinaryPrimitives.ReadUInt64LittleEndian(from[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(from[4..]));
        return true;
    }

    /// <summary>Reads all valid records, whatever is between them: a write that a crash cut off, or
    /// foreign bytes.</summary>
    /// <param name="from">A part of the file.</param>
    /// <param name="each">Gets the records in order.</param>
    /// <returns>How many bytes need not be read again. The rest may be the start of a record.
    /// </returns>
    internal static int ReadAll(ReadOnlySpan<byte> from, Action<GreyRecord> each)
    {
        int at = 0;
        while (from.Length - at >= Bytes)
        {
            if (TryRead(from[at..], out GreyRecord record))
            {
                each(record);
                at += Bytes;
            }
            else
            {
                at++;
            }
        }

        return at;
    }
}
