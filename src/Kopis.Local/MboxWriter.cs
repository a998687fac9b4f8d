using System.Buffers;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Local;

/// <summary>Appends to an mbox file under its lock (contract §7.7).</summary>
internal static class MboxWriter
{
    private const int OwnerOnly = 0x180; // 0600
    private const int BlockBytes = 64 * 1024;
    private static readonly TimeSpan LockWait = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LockPoll = TimeSpan.FromMilliseconds(100);

    /// <summary>Null where the message is on disk, else why it is not.</summary>
    /// <param name="path">The file, without NUL.</param>
    /// <param name="head">From_ line, Return-Path, Delivered-To.</param>
    /// <param name="message">The message.</param>
    internal static LocalResult? Deliver(byte[] path, byte[] head, LocalMessage message)
    {
        int fd = Fd.TryOpen([.. path, 0],
            OpenFlags.WriteOnly | OpenFlags.Create | OpenFlags.Append, out int errno, OwnerOnly);
        if (fd < 0)
        {
            return Unable("open", path, errno);
        }

        try
        {
            return TryLock(fd, out bool locked)
                ? Append(fd, locked, path, head, message)
                : LocalResult.Retry("File has been locked for 30 seconds straight. (#4.3.0)");
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    private static bool TryLock(int fd, out bool locked)
    {
        long deadline = Environment.TickCount64 + (long)LockWait.TotalMilliseconds;
        locked = false;
        try
        {
            while (!(locked = Fd.TryLockExclusive(fd)))
            {
                if (Environment.TickCount64 > deadline)
                {
                    return false;
                }

                Thread.Sleep(LockPoll);
            }
        }
        catch (PosixException)
        {
            // A file system without locks: go on unlocked, as qmail does.
        }

        return true;
    }

    private static LocalResult? Append(
        int fd, bool locked, byte[] path, byte[] head, LocalMessage message)
    {
        long start = Fd.Status(fd).Size;
        try
        {
            Fd.WriteAll(fd, head);
            WriteQuoted(fd, message);
            Fd.Sync(fd);
            return null;
        }
        catch (PosixException e)
        {
            if (locked)
            {
                Fd.Truncate(fd, start);
            }

            return Unable("write", path, e.Number);
        }
    }

    /// <summary>
    /// Puts <c>&gt;</c> before each line that begins <c>&gt;*From </c>, which can be undone; ends
    /// with an empty line.
    /// </summary>
    private static void WriteQuoted(int fd, LocalMessage message)
    {
        byte[] block = new byte[BlockBytes];
        ArrayBufferWriter<byte> output = new(BlockBytes + 1024);
        int kept = 0;
        bool lineStart = true;
        long done = 0;
        while (true)
        {
            int got = message.Read(done, block.AsSpan(kept));
            done += got;
            ReadOnlySpan<byte> rest = block.AsSpan(0, kept + got);
            kept = 0;
            while (!rest.IsEmpty)
            {
                int end = rest.IndexOf((byte)'\n');
                if (end < 0 && lineStart && got > 0 && rest.Length < BlockBytes / 2)
                {
                    rest.CopyTo(block); // Too little to tell whether it needs quoting.
                    kept = rest.Length;
                    break;
                }

                ReadOnlySpan<byte> line = end < 0 ? rest : rest[..(end + 1)];
                if (lineStart && line.TrimStart((byte)'>').StartsWith("From "u8))
                {
                    output.WriteByte((byte)'>');
                }

                output.Write(line);
                lineStart = end >= 0;
                rest = rest[line.Length..];
            }

            if (got == 0)
            {
                output.Write(lineStart ? "\n"u8 : "\n\n"u8);
                Fd.WriteAll(fd, output.WrittenSpan);
                return;
            }

            Fd.WriteAll(fd, output.WrittenSpan);
            output.ResetWrittenCount();
        }
    }

    private static LocalResult Unable(string what, byte[] path, int errno) => LocalResult.Retry(
        $"Unable to {what} {ByteText.ToText(path)}: {new PosixException("", errno).Reason}."
        + " (#4.3.0)");
}
