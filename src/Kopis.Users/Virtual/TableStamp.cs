using System.Buffers.Binary;
using Kopis.Posix;

namespace Kopis.Users.Virtual;

/// <summary>Identifies a version of a text table, to tell whether an index was made from it.
/// </summary>
internal readonly record struct TableStamp(ulong Inode, long Size, long Ticks)
{
    private const int Bytes = 24;

    internal static TableStamp Of(FileStatus status) =>
        new(status.Inode, status.Size, status.Modified.UtcTicks);

    /// <summary>Parses the index's record with the empty key; null if it is not a stamp.</summary>
    internal static TableStamp? Parse(ReadOnlySpan<byte> data) => data.Length == Bytes
        ? new TableStamp(
            BinaryPrimitives.ReadUInt64LittleEndian(data),
            BinaryPrimitives.ReadInt64LittleEndian(data[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(data[16..]))
        : null;

    internal byte[] ToBytes()
    {
        byte[] data = new byte[Bytes];
        BinaryPrimitives.WriteUInt64LittleEndian(data, Inode);
        BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(8), Size);
        BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(16), Ticks);
        return data;
    }
}
