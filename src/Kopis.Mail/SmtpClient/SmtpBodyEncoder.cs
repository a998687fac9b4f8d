using System.Buffers;

namespace Kopis.Mail.SmtpClient;

/// <summary>Encodes a message of LF lines as SMTP data: LF, CRLF and a bare CR all become CRLF, and
/// leading dots are doubled (contract §8.2). It never sends a bare CR or LF.</summary>
/// <param name="isChunked">Whether it is for BDAT: dots are not doubled, and no final dot ends the
/// data.</param>
public sealed class SmtpBodyEncoder(bool isChunked = false)
{
    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    private bool _lineStart = true;
    private bool _sawCr;

    /// <summary>Encodes the next piece.</summary>
    public void Encode(ReadOnlySpan<byte> piece, IBufferWriter<byte> to)
    {
        while (!piece.IsEmpty)
        {
            if (_sawCr)
            {
                _sawCr = false;
                if (piece[0] == (byte)'\n')
                {
                    piece = piece[1..]; // The CR before it ended the line.
                    continue;
                }
            }

            if (!isChunked && _lineStart && piece[0] == (byte)'.')
            {
                to.Write("."u8);
            }

            int end = piece.IndexOfAny(LineEnds);
            ReadOnlySpan<byte> text = end < 0 ? piece : piece[..end];
            to.Write(text);
            _lineStart = end >= 0 || (_lineStart && text.IsEmpty);
            if (end >= 0)
            {
                _sawCr = piece[end] == (byte)'\r';
                to.Write("\r\n"u8);
            }

            piece = piece[(end < 0 ? piece.Length : end + 1)..];
        }
    }

    /// <summary>Ends the last line, if necessary, and the data.</summary>
    public void Finish(IBufferWriter<byte> to)
    {
        to.Write(_lineStart ? [] : "\r\n"u8);
        to.Write(isChunked ? [] : ".\r\n"u8);
    }
}
