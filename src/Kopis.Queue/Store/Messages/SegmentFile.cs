using System.Buffers.Binary;
using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue.Store.Messages;

/// <summary>Names and headers of segment files (docs/queue-format.md).</summary>
internal static class SegmentFile
{
    internal const int HeaderBytes = 16;
    private const int FormatVersion = 3; // 1 had no parameters, 2 no start of a body.
    private const string Prefix = "seg-";
    private static readonly byte[] Magic = "KOPISMES"u8.ToArray();

    internal static string Name(string mess, ulong segment) =>
        Path.Combine(mess, $"{Prefix}{segment:x16}");

    internal static void WriteHeader(Span<byte> to)
    {
        Magic.CopyTo(to);
        BinaryPrimitives.WriteInt32LittleEndian(to[8..], FormatVersion);
        BinaryPrimitives.WriteUInt32LittleEndian(to[12..], Crc32C.Of(to[..12]));
    }

    /// <summary>All segments, the oldest first.</summary>
    internal static List<ulong> List(IFileSystem files, string mess)
    {
        List<ulong> segments = [];
        foreach (string name in files.FileNames(mess))
        {
            if (TryParseName(name, out ulong segment))
            {
                segments.Add(segment);
            }
        }

        segments.Sort();
        return segments;
    }

    /// <summary>Opens a segment; minus one if it is gone.</summary>
    internal static int TryOpen(IFileSystem files, string mess, ulong segment)
    {
        string path = Name(mess, segment);
        int fd = files.TryOpen(Fd.PathBytes(path), OpenFlags.ReadOnly, 0, out int errno);
        return fd >= 0 || errno == Errno.NoEntry
            ? fd
            : throw new PosixException($"open {path}", errno);
    }

    /// <summary>Reads the header of a message's record.</summary>
    /// <exception cref="MessageNotFoundException">There is no such record, or it is damaged.
    /// </exception>
    internal static RecordHeader ReadHeader(IFileSystem files, int segment, ulong number)
    {
        Span<byte> bytes = stackalloc byte[RecordHeader.Bytes];
        int got = files.ReadAt(segment, bytes, MessageNumber.Offset(number));
        return RecordHeader.Read(bytes[..got], number)
            ?? throw new MessageNotFoundException(
                number, "the queue has no valid record of it");
    }

    /// <summary>Whether a later version of Kopis wrote this file. A damaged file header does not
    /// matter, since each record has a header of its own.</summary>
    internal static bool IsTooNew(ReadOnlySpan<byte> header) =>
        header.Length >= HeaderBytes && header.StartsWith(Magic)
        && BinaryPrimitives.ReadUInt32LittleEndian(header[12..]) == Crc32C.Of(header[..12])
        && BinaryPrimitives.ReadInt32LittleEndian(header[8..]) > FormatVersion;

    internal static bool TryParseName(string name, out ulong segment)
    {
        segment = 0;
        return name.Length == Prefix.Length + 16
            && name.StartsWith(Prefix, StringComparison.Ordinal)
            && !name.AsSpan().ContainsAnyInRange('A', 'F') // Only the form that we write.
            && ulong.TryParse(
                name.AsSpan(Prefix.Length), NumberStyles.AllowHexSpecifier,
                CultureInfo.InvariantCulture, out segment);
    }
}
