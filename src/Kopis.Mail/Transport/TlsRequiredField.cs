using Kopis.Base;

namespace Kopis.Mail.Transport;

/// <summary>The field <c>TLS-Required: No</c>. Its sender prefers delivery, even if a host does not
/// fulfil its domain's requirements on TLS (RFC 8689 §5).</summary>
public static class TlsRequiredField
{
    /// <summary>How many bytes of a message are searched: a header of usual size.</summary>
    public const int BytesMax = 16 * 1024;

    /// <summary>Whether a message has the field.</summary>
    /// <param name="start">The message's first bytes, in lines that end in LF or CRLF.</param>
    public static bool IsIn(ReadOnlySpan<byte> start)
    {
        int count = 0;
        bool isNo = false;
        while (!start.IsEmpty)
        {
            int end = start.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? start : start[..end];
            start = end < 0 ? [] : start[(end + 1)..];
            line = line is [.., (byte)'\r'] ? line[..^1] : line;
            if (line.IsEmpty)
            {
                break;
            }

            int colon = line.IndexOf((byte)':');
            if (colon > 0 && Ascii8.EqualsIgnoreCase(
                line[..colon].TrimEnd(" \t"u8), "TLS-Required"u8))
            {
                count++;
                isNo = Ascii8.EqualsIgnoreCase(line[(colon + 1)..].Trim(" \t"u8), "No"u8);
            }
        }

        return count == 1 && isNo; // With two fields the meaning is unknown.
    }
}
