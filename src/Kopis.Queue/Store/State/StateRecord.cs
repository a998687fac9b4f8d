using System.Buffers.Binary;
using Kopis.Base;

namespace Kopis.Queue.Store.State;

/// <summary>One record of queue/state: 24 bytes with a checksum of their own
/// (docs/queue-format.md).</summary>
/// <param name="Kind">The kind of the record.</param>
/// <param name="Number">A message number; a segment for <see cref="StateKind.Position"/>, the
/// version for <see cref="StateKind.Format"/>; a piece for <see cref="StateKind.RouteText"/>.
/// </param>
/// <param name="Value">A recipient's index, a Unix time, an offset, a count, a piece of text, or a
/// route and an index (<see cref="OfRoute"/>).</param>
public readonly record struct StateRecord(StateKind Kind, ulong Number, long Value)
{
    public const int Bytes = 24;

    private const int RouteShift = 32;

    /// <summary>Packs a recipient's route; 0: the usual one.</summary>
    public static long OfRoute(ushort route, int recipient) =>
        ((long)route << RouteShift) | (uint)recipient;

    /// <summary>Unpacks the value of a <see cref="StateKind.Route"/>.</summary>
    public (ushort Route, int Recipient) ReadRoute() =>
        ((ushort)(Value >> RouteShift), (int)(Value & int.MaxValue));

    public void Write(Span<byte> to)
    {
        BinaryPrimitives.WriteInt32LittleEndian(to[4..], (int)Kind);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], Number);
        BinaryPrimitives.WriteInt64LittleEndian(to[16..], Value);
        BinaryPrimitives.WriteUInt32LittleEndian(to, Crc32C.Of(to[4..Bytes]));
    }

    /// <summary>Parses a record; null if the bytes are not valid.</summary>
    public static StateRecord? Read(ReadOnlySpan<byte> from)
    {
        int kind = BinaryPrimitives.ReadInt32LittleEndian(from[4..]);
        return BinaryPrimitives.ReadUInt32LittleEndian(from) == Crc32C.Of(from[4..Bytes])
            && kind is >= (int)StateKind.Position and <= (int)StateKind.RouteText
            ? new StateRecord(
                (StateKind)kind,
                BinaryPrimitives.ReadUInt64LittleEndian(from[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(from[16..]))
            : null;
    }
}
