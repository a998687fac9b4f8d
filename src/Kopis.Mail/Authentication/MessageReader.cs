using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Authentication;

/// <summary>Reads a message, in pieces of any size, as signers and verifiers see it: in the form in
/// which qmail-remote sends it. LF, CRLF and a bare CR each end a line and stand for one CRLF, and
/// a last line without a line end gets one (SmtpBodyEncoder does the same). So a message has one
/// meaning in the queue and on the wire.</summary>
/// <remarks>An empty line ends the header. A line that is not a field also ends it, and is then the
/// first line of the body: <see cref="MessageHeader.IsBroken"/>. The header is held in memory, the
/// body is not. The header must not be used after this reader is disposed of.</remarks>
public sealed class MessageReader(IMessageParts parts) : IDisposable
{
    /// <summary>A larger header is not read. sendmail's MaxHeadersLength is 32 KiB; Postfix's
    /// header_size_limit is 100 KiB for each field.</summary>
    public const int HeaderBytesMax = 256 * 1024;

    /// <summary>A header with more fields is not read either; mail of people has less than a tenth
    /// of it.</summary>
    public const int FieldsMax = 1000;

    private const int FieldsUsual = 16;

    private static readonly SearchValues<byte> LineEnds = SearchValues.Create("\r\n"u8);

    private readonly PooledBuffer _bytes = new();
    private readonly List<(int Start, int Colon, int End)> _places = new(FieldsUsual);
    private int _lineStart;
    private bool _sawCr;
    private bool _isInLine;
    private bool _isHeaderOver;
    private bool _isTooLarge;
    private bool _isEnded;

    /// <summary>Reads the next piece.</summary>
    public void Read(ReadOnlySpan<byte> piece)
    {
        while (!piece.IsEmpty && !_isTooLarge)
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

            int end = piece.IndexOfAny(LineEnds);
            ReadOnlySpan<byte> text = end < 0 ? piece : piece[..end];
            if (!text.IsEmpty)
            {
                ReadText(text);
            }

            if (end >= 0)
            {
                _sawCr = piece[end] == (byte)'\r';
                EndLine();
            }

            piece = piece[(end < 0 ? piece.Length : end + 1)..];
        }
    }

    /// <summary>Ends the message, even if it is incomplete.</summary>
    public void End()
    {
        if (_isEnded)
        {
            return;
        }

        _isEnded = true;
        if (_isInLine)
        {
            EndLine();
        }

        if (!_isHeaderOver)
        {
            EndHeader(isBroken: false);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _bytes.Dispose();

    private void ReadText(ReadOnlySpan<byte> text)
    {
        _isInLine = true;
        if (_isHeaderOver)
        {
            parts.OnBodyText(text);
        }
        else if (_bytes.Count + text.Length > HeaderBytesMax)
        {
            Overflow();
        }
        else
        {
            _bytes.Write(text);
        }
    }

    private void EndLine()
    {
        _isInLine = false;
        if (_isHeaderOver)
        {
            if (!_isTooLarge)
            {
                parts.OnBodyLineEnd();
            }

            return;
        }

        EndHeaderLine(_bytes.Written.Span[_lineStart..]);
    }

    private void EndHeaderLine(ReadOnlySpan<byte> line)
    {
        int colon = 0;
        bool isFolded = line is [(byte)' ' or (byte)'\t', ..] && _places.Count > 0;
        if (line.IsEmpty)
        {
            EndHeader(isBroken: false);
        }
        else if (!isFolded && (colon = ColonOf(line)) < 0)
        {
            byte[] first = line.ToArray();
            EndHeader(isBroken: true);
            parts.OnBodyText(first);
            parts.OnBodyLineEnd();
        }
        else if (_bytes.Count + 2 > HeaderBytesMax
            || (!isFolded && _places.Count == FieldsMax))
        {
            Overflow();
        }
        else
        {
            int end = _bytes.Count;
            if (isFolded)
            {
                _places[^1] = _places[^1] with { End = end };
            }
            else
            {
                _places.Add((_lineStart, colon, end));
            }

            _bytes.Write("\r\n"u8);
            _lineStart = end + 2;
        }
    }

    /// <summary>The index of a field's colon. It follows a name of printable ASCII and, in old
    /// mail, blanks (RFC 5322 §2.2, §4.5).</summary>
    /// <returns>Negative if the line is not a field.</returns>
    private static int ColonOf(ReadOnlySpan<byte> line)
    {
        int colon = line.IndexOf((byte)':');
        ReadOnlySpan<byte> name = colon < 0 ? [] : line[..colon].TrimEnd(" \t"u8);
        return name.IsEmpty || name.ContainsAnyExceptInRange((byte)33, (byte)126) ? -1 : colon;
    }

    private void Overflow()
    {
        _isTooLarge = true;
        _places.Clear();
        EndHeader(isBroken: false);
    }

    private void EndHeader(bool isBroken)
    {
        _isHeaderOver = true;
        ReadOnlyMemory<byte> bytes = _bytes.Written;
        HeaderField[] fields = new HeaderField[_places.Count];
        for (int i = 0; i < fields.Length; i++)
        {
            (int start, int colon, int end) = _places[i];
            fields[i] = new HeaderField(bytes[start..end], colon);
        }

        parts.OnHeader(new MessageHeader(fields, _isTooLarge, isBroken));
    }
}
