using System.Buffers;

namespace Kopis.Mail.SmtpClient;

/// <summary>The properties of a message that decide how it can be sent. It reads the whole message,
/// piece by piece.</summary>
public sealed class MessageTraits
{
    /// <summary>The longest line without its CRLF (RFC 5321 §4.5.3.1.6).</summary>
    public const int LineBytesMax = 998;

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    private bool _inHeader = true;
    private bool _sawCr;
    private long _lineBytes;

    /// <summary>The size on the wire, with line ends as CRLF and without doubled dots (RFC 1870
    /// §5).</summary>
    public long WireBytes { get; private set; }

    /// <summary>Whether some byte is over 127.</summary>
    public bool HasEightBits { get; private set; }

    /// <summary>Whether some byte of the header is over 127.</summary>
    public bool HasEightBitHeader { get; private set; }

    /// <summary>Whether it has NULs, or lines longer than SMTP allows: it can be sent with
    /// BINARYMIME only.</summary>
    public bool IsBinary { get; private set; }

    /// <summary>Reads the next piece.</summary>
    public void Read(ReadOnlySpan<byte> piece)
    {
        HasEightBits |= piece.ContainsAnyInRange((byte)128, (byte)255);
        IsBinary |= piece.Contains((byte)0);
        while (!piece.IsEmpty)
        {
            int end = piece.IndexOfAny(LineEnds);
            ReadOnlySpan<byte> text = end < 0 ? piece : piece[..end];
            if (_sawCr && end == 0 && piece[0] == (byte)'\n')
            {
                _sawCr = false; // The CR before it ended the line.
                piece = piece[1..];
                continue;
            }

            _sawCr = end >= 0 && piece[end] == (byte)'\r';
            ScanText(text);
            if (end >= 0)
            {
                EndLine();
            }

            piece = piece[(end < 0 ? piece.Length : end + 1)..];
        }
    }

    private void ScanText(ReadOnlySpan<byte> text)
    {
        WireBytes += text.Length;
        _lineBytes += text.Length;
        IsBinary |= _lineBytes > LineBytesMax;
        HasEightBitHeader |= _inHeader && text.ContainsAnyInRange((byte)128, (byte)255);
    }

    private void EndLine()
    {
        WireBytes += 2;
        _inHeader &= _lineBytes > 0;
        _lineBytes = 0;
    }
}
