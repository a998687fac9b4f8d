using System.Globalization;
using Kopis.Base;

namespace Kopis.Mail.Header;

/// <summary>The fields that a user's message must have, and that the user's program may leave to us
/// (RFC 6409 §8.2, §8.3): Date and Message-ID.</summary>
public static class SubmittedHeader
{
    /// <summary>The missing fields, to be put before the others.</summary>
    /// <param name="start">The message, or its beginning; lines end in LF.</param>
    /// <param name="isWhole">Whether this is the whole message.</param>
    /// <param name="now">The time, for both fields.</param>
    /// <param name="unique">Printable text that makes the Message-ID unique.</param>
    /// <param name="idHost">The host, after the <c>@</c>.</param>
    /// <returns>Empty also if the header does not end within the beginning, or if there is no
    /// header.</returns>
    public static byte[] Missing(
        ReadOnlySpan<byte> start, bool isWhole, DateTimeOffset now, string unique,
        ReadOnlySpan<byte> idHost)
    {
        bool hasDate = false;
        bool hasId = false;
        while (!start.IsEmpty && start[0] != (byte)'\n')
        {
            int end = start.IndexOf((byte)'\n');
            if (end < 0 && !isWhole)
            {
                return [];
            }

            ReadOnlySpan<byte> line = end < 0 ? start : start[..end];
            if (!line.StartsWith(" "u8) && !line.StartsWith("\t"u8))
            {
                int colon = line.IndexOf((byte)':');
                if (colon <= 0)
                {
                    return []; // No header; fields before it would become one.
                }

                ReadOnlySpan<byte> name = line[..colon].TrimEnd(" \t"u8);
                hasDate |= Ascii8.EqualsIgnoreCase(name, "Date"u8);
                hasId |= Ascii8.EqualsIgnoreCase(name, "Message-ID"u8);
            }

            start = end < 0 ? [] : start[(end + 1)..];
        }

        if (start.IsEmpty && !isWhole)
        {
            return [];
        }

        string stamp = now.UtcDateTime.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture);
        return
        [
            .. hasDate ? [] : ByteText.ToBytes($"Date: {QmailDate.Rfc822(now)}\n"),
            .. hasId ? [] : (byte[])
            [
                .. ByteText.ToBytes($"Message-ID: <{stamp}.{unique}@"), .. idHost, .. ">\n"u8,
            ],
        ];
    }
}
