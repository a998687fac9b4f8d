using System.Globalization;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Queue.Store.Messages;

/// <summary>The files of <c>queue/mess</c>: how they begin, and what qmail-clean may do to them,
/// remove what is finished.</summary>
public static class MessStore
{
    private const int GroupReadable = 0x1A0; // 0640: qmail-send and the spawners are of the group.

    /// <summary>The directory of bodies that are still arriving.</summary>
    public static string Incoming(string mess) => Path.Combine(mess, "incoming");

    /// <summary>The file of a body too large for a segment.</summary>
    public static string OwnFile(string mess, ulong number) =>
        Path.Combine(mess, number.ToString(CultureInfo.InvariantCulture));

    /// <summary>All segments there are, oldest first.</summary>
    public static IReadOnlyList<ulong> Segments(IFileSystem files, string mess) =>
        SegmentFile.List(files, mess);

    /// <summary>The number of the segment that a file's name stands for; 0 for any other file.
    /// </summary>
    public static ulong SegmentOf(string name) =>
        SegmentFile.TryParseName(name, out ulong segment) ? segment : 0;

    /// <summary>Removes a message's own file, where it has one.</summary>
    public static void RemoveOwnFile(IFileSystem files, string mess, ulong number) =>
        files.Unlink(OwnFile(mess, number));

    /// <summary>Removes a segment, and with it bodies of its messages that a crash left behind;
    /// the newest is the writer's and stays.</summary>
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

    /// <summary>Creates a file that must not exist; the descriptor.</summary>
    internal static int Create(IFileSystem files, string path) => files.Open(
        path, OpenFlags.ReadWrite | OpenFlags.Create | OpenFlags.Exclusive, GroupReadable);

    /// <summary>Opens a message's own file, which must be whole.</summary>
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

    /// <summary>All bodies in files of their own.</summary>
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

    /// <summary>Gives the space of finished records back; the bytes read as zeros after.</summary>
    /// <returns>False if it is the newest segment, or the file system cannot.</returns>
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
