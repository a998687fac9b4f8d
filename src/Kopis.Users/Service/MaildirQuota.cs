using System.Buffers.Text;
using Kopis.Posix;

namespace Kopis.Users;

/// <summary>
/// <c>maildirsize</c> of Maildir++: a quota (<c>10000000S,1000C</c>) in the first line, and what
/// came and went in the others, bytes and messages.
/// </summary>
public static class MaildirQuota
{
    private const int FileBytesMax = 5120; // Maildir++: a longer one is to be computed anew.

    /// <summary>Whether the quota is used up; false where there is none, or it cannot be told.
    /// </summary>
    /// <param name="path">The file, ended by NUL.</param>
    public static bool IsFull(ReadOnlySpan<byte> path)
    {
        int fd = Fd.TryOpen(path, OpenFlags.ReadOnly | OpenFlags.NonBlocking, out _);
        if (fd < 0)
        {
            return false;
        }

        try
        {
            byte[] content = new byte[FileBytesMax];
            return Fd.Status(fd).IsRegular
                && IsFullBy(content.AsSpan(0, Fd.ReadAt(fd, content, 0)));
        }
        catch (PosixException)
        {
            return false;
        }
        finally
        {
            Fd.Close(fd);
        }
    }

    /// <summary>The same of the file's content.</summary>
    internal static bool IsFullBy(ReadOnlySpan<byte> content)
    {
        int end = content.IndexOf((byte)'\n');
        if (end < 0)
        {
            return false;
        }

        (long bytesMax, long messagesMax) = ParseQuota(content[..end]);
        (long bytes, long messages) = (0, 0);
        content = content[(end + 1)..];
        while ((end = content.IndexOf((byte)'\n')) >= 0)
        {
            // A line that is none makes the sum worthless.
            if (!TryParseLine(content[..end], out long lineBytes, out long lineMessages))
            {
                return false;
            }

            bytes += lineBytes;
            messages += lineMessages;
            content = content[(end + 1)..];
        }

        return (bytesMax > 0 && bytes >= bytesMax)
            || (messagesMax > 0 && messages >= messagesMax);
    }

    private static (long Bytes, long Messages) ParseQuota(ReadOnlySpan<byte> line)
    {
        (long bytes, long messages) = (0, 0);
        foreach (Range range in line.Split((byte)','))
        {
            ReadOnlySpan<byte> part = line[range];
            if (Utf8Parser.TryParse(part, out long value, out int used) && used == part.Length - 1)
            {
                bytes = part[used] == (byte)'S' ? value : bytes;
                messages = part[used] == (byte)'C' ? value : messages;
            }
        }

        return (bytes, messages);
    }

    private static bool TryParseLine(ReadOnlySpan<byte> line, out long bytes, out long messages)
    {
        line = line.Trim((byte)' ');
        messages = 0;
        if (!Utf8Parser.TryParse(line, out bytes, out int used))
        {
            return false;
        }

        line = line[used..].Trim((byte)' ');
        return Utf8Parser.TryParse(line, out messages, out used) && used == line.Length
            && Math.Abs(bytes) < 1L << 50 && Math.Abs(messages) < 1L << 40;
    }
}
