using System.Buffers.Text;
using System.Text;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Reports;

/// <summary>The leaf parts of a message, decoded (RFC 2045, RFC 2046). It supports only what
/// carries reports: base64 and quoted-printable, multipart and forwarded messages.</summary>
internal sealed class MailParts
{
    private const int PartsMax = 100;
    private const int DepthMax = 6;
    private const int HeaderBytesMax = 256 * 1024;
    private const int BoundaryMax = 200; // RFC 2046 §5.1.1 allows 70.

    private readonly List<byte[]> _parts = [];

    private MailParts()
    {
    }

    /// <summary>Parses a message, or a file that contains one.</summary>
    /// <exception cref="FormatException">The message has too many parts, or they are nested too
    /// deep.</exception>
    internal static IReadOnlyList<byte[]> Of(ReadOnlySpan<byte> message)
    {
        MailParts parts = new();
        parts.Read(message, DepthMax);
        return parts._parts;
    }

    private void Read(ReadOnlySpan<byte> entity, int depth)
    {
        if (depth == 0)
        {
            throw new FormatException("parts lie too deep");
        }

        string header = Header(entity, out ReadOnlySpan<byte> body);
        string type = Field(header, "content-type");
        if (type.StartsWith("multipart/", StringComparison.OrdinalIgnoreCase)
            && Boundary(type) is { Length: > 0 } boundary)
        {
            Split(body, ByteText.ToBytes("--" + boundary), depth);
            return;
        }

        byte[] content = Decode(body, Field(header, "content-transfer-encoding"));
        if (type.StartsWith("message/rfc822", StringComparison.OrdinalIgnoreCase))
        {
            Read(content, depth - 1);
            return;
        }

        if (_parts.Count == PartsMax)
        {
            throw new FormatException($"over {PartsMax} parts");
        }

        _parts.Add(content);
    }

    /// <summary>The parts between lines with the boundary. Text before the first and after the last
    /// such line is ignored.</summary>
    private void Split(ReadOnlySpan<byte> body, byte[] boundary, int depth)
    {
        int start = -1;
        for (int at = 0; at < body.Length;)
        {
            int end = body[at..].IndexOf((byte)'\n');
            int next = end < 0 ? body.Length : at + end + 1;
            if (body[at..next].StartsWith(boundary))
            {
                if (start >= 0)
                {
                    Read(body[start..at], depth - 1);
                }

                start = next;
                if (body[(at + boundary.Length)..next].StartsWith("--"u8))
                {
                    return;
                }
            }

            at = next;
        }

        if (start >= 0 && start < body.Length)
        {
            Read(body[start..], depth - 1); // It was cut short.
        }
    }

    /// <summary>The header, unfolded, with one field a line.</summary>
    private static string Header(ReadOnlySpan<byte> entity, out ReadOnlySpan<byte> body)
    {
        StringBuilder header = new();
        int at = 0;
        while (at < entity.Length && at < HeaderBytesMax)
        {
            int end = entity[at..].IndexOf((byte)'\n');
            int next = end < 0 ? entity.Length : at + end + 1;
            ReadOnlySpan<byte> line = entity[at..next].TrimEnd("\r\n"u8);
            at = next;
            if (line.IsEmpty)
            {
                break;
            }

            header.Append(line[0] is (byte)' ' or (byte)'\t' ? ' ' : '\n')
                .Append(ByteText.ToText(line.Trim(" \t"u8)));
        }

        body = entity[at..];
        return header.Append('\n').ToString();
    }

    /// <summary>The value of the first field of a name; empty if there is none.</summary>
    private static string Field(string header, string name)
    {
        int at = header.IndexOf($"\n{name}:", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return "";
        }

        at += name.Length + 2;
        return header[at..header.IndexOf('\n', at)].Trim();
    }

    /// <summary>The boundary of a Content-Type, quoted or not.</summary>
    private static string Boundary(string type)
    {
        const string Name = "boundary=";
        int at = type.IndexOf(Name, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
        {
            return "";
        }

        string value = type[(at + Name.Length)..].TrimStart();
        string boundary = value.StartsWith('"')
            ? value[1..].Split('"')[0]
            : value.Split(';', ' ', '\t')[0];
        return boundary.Length > BoundaryMax ? "" : boundary;
    }

    private static byte[] Decode(ReadOnlySpan<byte> body, string encoding) =>
        encoding.ToLowerInvariant() switch
        {
            "base64" => FromBase64(body),
            "quoted-printable" => FromQuotedPrintable(body),
            _ => body.ToArray(),
        };

    /// <summary>Decodes base64. Characters outside its alphabet are ignored (RFC 2045 §6.8), and so
    /// is what follows the padding.</summary>
    private static byte[] FromBase64(ReadOnlySpan<byte> body)
    {
        byte[] text = new byte[body.Length + 3];
        int length = 0;
        foreach (byte one in body)
        {
            if (one == (byte)'=')
            {
                break;
            }

            if (char.IsAsciiLetterOrDigit((char)one) || one is (byte)'+' or (byte)'/')
            {
                text[length++] = one;
            }
        }

        length -= length % 4 == 1 ? 1 : 0;
        while (length % 4 != 0)
        {
            text[length++] = (byte)'=';
        }

        Base64.DecodeFromUtf8InPlace(text.AsSpan(0, length), out int written);
        return text[..written];
    }

    private static byte[] FromQuotedPrintable(ReadOnlySpan<byte> body)
    {
        byte[] text = new byte[body.Length];
        int length = 0;
        for (int i = 0; i < body.Length; i++)
        {
            if (body[i] != (byte)'=')
            {
                text[length++] = body[i];
            }
            else if (i + 2 < body.Length
                && Convert.FromHexString(
                    [(char)body[i + 1], (char)body[i + 2]], text.AsSpan(length), out _,
                    out int written) == System.Buffers.OperationStatus.Done)
            {
                length += written;
                i += 2;
            }
            else
            {
                int end = body[i..].IndexOf((byte)'\n');
                i = end < 0 ? body.Length : i + end; // A soft line break.
            }
        }

        return text[..length];
    }
}
