using System.Buffers.Binary;
using Kopis.Base;

namespace Kopis.Queue.Store.Messages;

/// <summary>The 64 bytes before each message in a segment (docs/queue-format.md).</summary>
internal readonly record struct RecordHeader
{
    internal const int Bytes = 64;
    private const uint Magic = 0x47534D4B; // "KMSG"
    private const byte OwnFileFlag = 1;
    private const byte ParametersFlag = 2;
    private static readonly long MicrosecondsMax =
        (DateTimeOffset.MaxValue - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    internal required ulong Number { get; init; }

    internal required DateTimeOffset Arrived { get; init; }

    internal required long BodyBytes { get; init; }

    internal required int EnvelopeBytes { get; init; }

    internal required uint EnvelopeCrc { get; init; }

    internal required uint BodyCrc { get; init; }

    internal required uint Uid { get; init; }

    internal required uint Qp { get; init; }

    internal required MessageOrigin Origin { get; init; }

    /// <summary>Whether the body is in a file of its own, <c>queue/mess/NUMBER</c>.</summary>
    internal required bool OwnFile { get; init; }

    /// <summary>Where the body begins in that file.</summary>
    internal int BodyStart { get; init; }

    /// <summary>The client that submitted it over the network; 0: not known.</summary>
    internal uint Client { get; init; }

    /// <summary>Whether the envelope has ESMTP parameters.</summary>
    internal bool HasParameters { get; init; }

    internal long InlineBodyBytes => OwnFile ? 0 : BodyBytes;

    /// <summary>The length of header, envelope, inline body and padding.</summary>
    internal long RecordBytes => Align(Bytes + EnvelopeBytes + InlineBodyBytes);

    internal static long Align(long bytes) =>
        (bytes + MessageNumber.Alignment - 1) & ~(MessageNumber.Alignment - 1L);

    internal void Write(Span<byte> to)
    {
        to[..Bytes].Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(to, Magic);
        BinaryPrimitives.WriteUInt64LittleEndian(to[8..], Number);
        BinaryPrimitives.WriteInt64LittleEndian(
            to[16..], (Arrived - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        BinaryPrimitives.WriteInt64LittleEndian(to[24..], BodyBytes);
        BinaryPrimitives.WriteInt32LittleEndian(to[32..], EnvelopeBytes);
        BinaryPrimitives.WriteUInt32LittleEndian(to[36..], EnvelopeCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(to[40..], BodyCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(to[44..], Uid);
        BinaryPrimitives.WriteUInt32LittleEndian(to[48..], Qp);
        to[52] = (byte)Origin;
        to[53] = (byte)(
            (OwnFile ? OwnFileFlag : 0) | (HasParameters ? ParametersFlag : 0));
        BinaryPrimitives.WriteInt32LittleEndian(to[56..], BodyStart);
        BinaryPrimitives.WriteUInt32LittleEndian(to[60..], Client);
        BinaryPrimitives.WriteUInt32LittleEndian(to[4..], Crc32C.Of(to[8..Bytes]));
    }

    /// <summary>Parses a header; null unless these bytes are the complete, valid header with that
    /// number.</summary>
    internal static RecordHeader? Read(ReadOnlySpan<byte> from, ulong number)
    {
        if (from.Length < Bytes
            || BinaryPrimitives.ReadUInt32LittleEndian(from) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(from[4..]) != Crc32C.Of(from[8..Bytes])
            || BinaryPrimitives.ReadUInt64LittleEndian(from[8..]) != number)
        {
            return null;
        }

        long microseconds = BinaryPrimitives.ReadInt64LittleEndian(from[16..]);
        if (microseconds < 0 || microseconds > MicrosecondsMax)
        {
            return null; // The checksum is right, but there is no such time.
        }

        RecordHeader header = new()
        {
            Number = number,
            Arrived =
                DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond),
            BodyBytes = BinaryPrimitives.ReadInt64LittleEndian(from[24..]),
            EnvelopeBytes = BinaryPrimitives.ReadInt32LittleEndian(from[32..]),
            EnvelopeCrc = BinaryPrimitives.ReadUInt32LittleEndian(from[36..]),
            BodyCrc = BinaryPrimitives.ReadUInt32LittleEndian(from[40..]),
            Uid = BinaryPrimitives.ReadUInt32LittleEndian(from[44..]),
            Qp = BinaryPrimitives.ReadUInt32LittleEndian(from[48..]),
            Origin = (MessageOrigin)from[52],
            OwnFile = (from[53] & OwnFileFlag) != 0,
            HasParameters = (from[53] & ParametersFlag) != 0,
            BodyStart = BinaryPrimitives.ReadInt32LittleEndian(from[56..]),
            Client = BinaryPrimitives.ReadUInt32LittleEndian(from[60..]),
        };
        bool sane = header.BodyBytes >= 0
            && header.EnvelopeBytes is > 0 and <= QueueLimits.EnvelopeBytesMax
            && (header.OwnFile
                ? header.BodyStart is >= 0 and <= QueueLimits.HeadRoomBytes
                : header.BodyStart == 0 && header.BodyBytes <= QueueLimits.InlineBodyBytesMax);
        return sane ? header : null;
    }
}
