using System.Buffers;

namespace Kopis.Mail.Pop3;

/// <summary>Converts a message file for POP3: LF becomes CRLF, a leading dot is doubled, a last
/// line without LF gets a line end, and an empty line precedes the final dot (contract §13, 25).
/// The file may come in pieces of any length.</summary>
/// <param name="bodyLines">How many lines of the body; null for all.</param>
public sealed class Pop3MessageEncoder(long? bodyLines)
{
    private long _bodyLinesLeft = bodyLines ?? long.MaxValue;
    private bool _inHeader = true;
    private bool _atLineStart = true;

    /// <summary>Encodes the next piece.</summary>
    /// <returns>False if enough lines were written; the rest of the file is not needed.</returns>
    public bool Write(ReadOnlySpan<byte> piece, IBufferWriter<byte> to)
    {
        while (!piece.IsEmpty)
        {
            if (_atLineStart && !BeginLine(piece[0], to))
            {
                return false;
            }

            int end = piece.IndexOf((byte)'\n');
            if (end < 0)
            {
                to.Write(piece);
                return true;
            }

            to.Write(piece[..end]);
            to.Write("\r\n"u8);
            _atLineStart = true;
            piece = piece[(end + 1)..];
        }

        return true;
    }

    /// <summary>Ends the message.</summary>
    public void Finish(IBufferWriter<byte> to)
    {
        if (!_atLineStart)
        {
            to.Write("\r\n"u8);
        }

        to.Write("\r\n.\r\n"u8);
    }

    private bool BeginLine(byte first, IBufferWriter<byte> to)
    {
        if (!_inHeader && _bodyLinesLeft-- == 0)
        {
            return false;
        }

        _inHeader &= first != (byte)'\n';
        _atLineStart = false;
        if (first == (byte)'.')
        {
            to.Write("."u8);
        }

        return true;
    }
}
