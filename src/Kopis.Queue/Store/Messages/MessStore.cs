using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue.Store.Messages;

/// <summary>The files of <c>queue/mess</c>: how they are made, and how qmail-clean removes what is
/// finished.</summary>
public static class MessStore
{
    private const int GroupReadable = 0x1A0; // 0640: qmail-send and the spawners are of the group.

    /// <summary>The directory for bodies that are still arriving.</summary>
    public static string Incoming(string mess) => Path.Combine(mess, "incoming");

    /// <summary>The file of a body too large for a segment.</summary>
    public static string OwnFile(string mess, ulong number) =>
        Path.Combine(mess, number.ToString(CultureInfo.InvariantCulture));

    /// <summary>All segments, the oldest first.</summary>
    public static IReadOnlyList<ulong> Segments(IFileSystem files, string mess) =>
        SegmentFile.List(files, mess);

    /// <summary>The number of the segment with this file name; 0 for any other file.</summary>
    public static ulong SegmentOf(string name) =>
        SegmentFile.TryParseName(name, out ulong segment) ? segment : 0;

    /// <summary>Removes the body file of a message, if it has one.</summary>
    public static void RemoveOwnFile(IFileSystem files, string mess, ulong number) =>
        files.Unlink(OwnFile(mess, number));

    /// <summary>Removes a segment, together with body files of its messages that a crash left
    /// behind. The newest segment is the writer's and stays.</summary>
    /// <returns>False if it is the newest.</returns>
    public static bool RemoveSegment(IFileSystem files, string mess, ulong segment)
    {
        List<ulong> all = SegmentFile.List(files, mess);
        if (all.Count == 0 || segment >= all[^1])
        {
            return false;
        }

        foreach ((ulong number, string path) in OwnFiles(files, mess))
        {
            if (MessageNumber.Segment(number) == segment)
            {
                files.Unlink(path);
            }
        }

        files.Unlink(SegmentFile.Name(mess, segment));
        return true;
    }

    /// <summary>Creates a file that must not exist, and returns its descriptor.</summary>
    internal static int Create(IFileSystem files, string path) => files.Open(
        path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive, GroupReadable);

    /// <summary>Opens the body file of a message, which must be complete.</summary>
    internal static int OpenOwnFile(IFileSystem files, string mess, RecordHeader header)
    {
        string path = OwnFile(mess, header.Number);
        int fd = files.TryOpen(
            Fd.PathBytes(path), OpenFlags.ReadOnly, 0, out int errno);
        if (fd < 0)
        {
            throw errno == Errno.NoEntry
                ? new MessageNotFoundException(header.Number, "its body is gone")
                : new PosixException($"open {path}", errno);
        }

        if (files.Size(fd) != header.BodyStart + header.BodyBytes)
        {
            files.Close(fd);
            throw new MessageNotFoundException(header.Number, "its body is cut short");
        }

        return fd;
    }

    /// <summary>All body files.</summary>
    internal static IEnumerable<(ulong Number, string Path)> OwnFiles(
        IFileSystem files, string mess)
    {
        foreach (string name in files.FileNames(mess))
        {
            if (MessageNumber.TryParse(ByteText.ToBytes(name), out ulong number))
            {
                yield return (number, Path.Combine(mess, name));
            }
        }
    }

    /// <summary>Frees the space of finished records; their bytes then read as zeros.</summary>
    /// <returns>False if it is the newest segment, or the file system does not support it.
    /// </returns>
    public static bool PunchHole(
        IFileSystem files, string mess, ulong segment, long offset, long length)
    {
        List<ulong> all = SegmentFile.List(files, mess);
        if (all.Count == 0 || segment >= all[^1] || !all.Contains(segment))
        {
            return false;
        }

        int fd = files.Open(SegmentFile.Name(mess, segment), OpenFlags.WriteOnly);
        try
        {
            return files.PunchHole(fd, offset, length);
        }
        finally
        {
            files.Close(fd);
        }
    }
}
