using System.Buffers.Text;
using Kopis.Base;

namespace Kopis.Users.Quota;

/// <summary>The content of a Maildir++ <c>maildirsize</c>: the first line has the quota
/// (<c>10000000S,1000C</c>), and the others have bytes and messages that came or went. Zero means
/// no limit.</summary>
/// <param name="BytesMax">The quota in bytes.</param>
/// <param name="MessagesMax">The quota in messages.</param>
/// <param name="Bytes">The sum of bytes.</param>
/// <param name="Messages">The sum of messages.</param>
/// <param name="Lines">How many lines were added up.</param>
public readonly record struct MaildirSize(
    long BytesMax, long MessagesMax, long Bytes, long Messages, int Lines)
{
    /// <summary>Maildir++: a longer file is to be recalculated.</summary>
    public const int FileBytesMax = 5120;

    private const long BytesLimit = 1L << 50; // The sums in a file must not overflow.

    /// <summary>Whether there is no limit at all.</summary>
    public bool IsUnlimited => BytesMax == 0 && MessagesMax == 0;

    /// <summary>Whether not even the smallest message fits.</summary>
    public bool IsFull => !Fits(1, 1);

    /// <summary>Whether this much more fits.</summary>
    public bool Fits(long bytes, long messages) =>
        (BytesMax == 0 || Bytes + bytes <= BytesMax)
        && (MessagesMax == 0 || Messages + messages <= MessagesMax);

    /// <summary>Parses a file; null if a line is invalid, since its sums are then worthless. If the
    /// quota itself is valid, <paramref name="quota"/> still has it.</summary>
    public static MaildirSize? Parse(ReadOnlySpan<byte> content, out MaildirSize quota)
    {
        quota = default;
        int end = content.IndexOf((byte)'\n');
        if (end < 0)
        {
            return null;
        }

        quota = ParseQuota(content[..end]);
        MaildirSize size = quota;
        content = content[(end + 1)..];
        while ((end = content.IndexOf((byte)'\n')) >= 0)
        {
            if (!TryParseLine(content[..end], out long bytes, out long messages))
            {
                return null;
            }

            size = size with
            {
                Bytes = size.Bytes + bytes,
                Messages = size.Messages + messages,
                Lines = size.Lines + 1,
            };
            content = content[(end + 1)..];
        }

        // A negative sum means that another program did not add its messages to the file.
        return content.IsEmpty
            && size is { Bytes: >= 0 and < BytesLimit, Messages: >= 0 and < BytesLimit }
                ? size
                : null;
    }

    /// <summary>Makes a file with one line of sums.</summary>
    public byte[] Format() => [.. FormatQuota(), .. FormatLine(Bytes, Messages)];

    /// <summary>Makes one line, padded as Courier does.</summary>
    public static byte[] FormatLine(long bytes, long messages) =>
        ByteText.ToBytes($"{bytes,12} {messages,12}\n");

    private byte[] FormatQuota() => ByteText.ToBytes(
        (BytesMax, MessagesMax) switch
        {
            (_, 0) => $"{BytesMax}S\n",
            (0, _) => $"{MessagesMax}C\n",
            _ => $"{BytesMax}S,{MessagesMax}C\n",
        });

    private static MaildirSize ParseQuota(ReadOnlySpan<byte> line)
    {
        MaildirSize quota = default;
        foreach (Range range in line.Split((byte)','))
        {
            ReadOnlySpan<byte> part = line[range];
            if (Utf8Parser.TryParse(part, out long value, out int used)
                && used == part.Length - 1 && value is >= 0 and < BytesLimit)
            {
                quota = part[used] switch
                {
                    (byte)'S' => quota with { BytesMax = value },
                    (byte)'C' => quota with { MessagesMax = value },
                    _ => quota,
                };
            }
        }

        return quota;
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
            && Math.Abs(bytes) < BytesLimit && Math.Abs(messages) < BytesLimit;
    }
}
