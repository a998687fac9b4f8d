using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.Authentication.Results;

/// <summary>Passes a message on without Authentication-Results fields that claim to be ours (RFC
/// 8601 §5). Fields that cannot be parsed are removed too. The message comes in pieces of any size,
/// with lines that end in LF, CRLF or a bare CR; everything else stays unchanged.</summary>
/// <param name="names">Our own names as authserv-ids, made by <see cref="Names"/>.</param>
/// <remarks>Only an empty line ends the header here: some readers continue after a line that is not
/// a field.</remarks>
public sealed class ForgedResultsFilter(IReadOnlySet<string> names)
{
    private const int LineBytesMax = 64 * 1024; // A field of ours has some hundred bytes.

    private static readonly byte[] FieldName = "Authentication-Results"u8.ToArray();

    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly ArrayBufferWriter<byte> _held = new(); // The field that may be a forged one.
    private bool _isHolding;
    private bool _isLong; // Decided by its beginning.
    private bool _hasField;
    private bool _sawCr;
    private bool _isOver;

    /// <summary>How many fields were removed.</summary>
    public int Removed { get; private set; }

    /// <summary>Whether the header has ended; what follows is passed on unchanged.</summary>
    public bool IsOver => _isOver;

    /// <summary>Our names in the form in which they are compared.</summary>
    public static IReadOnlySet<string> Names(IEnumerable<string> names) => new HashSet<string>(
        names.Select(one => DomainText.Normalize(one) ?? one.ToLowerInvariant()));

    /// <summary>Passes on the next piece.</summary>
    public void Read(ReadOnlySpan<byte> piece, IBufferWriter<byte> to)
    {
        int at = 0;
        while (at < piece.Length && !_isOver)
        {
            byte one = piece[at];
            if (_sawCr)
            {
                _sawCr = false;
                at += one == (byte)'\n' ? 1 : 0;
                EndLine(one == (byte)'\n' ? "\r\n"u8 : "\r"u8, to);
                continue;
            }

            int end = piece[at..].IndexOfAny((byte)'\r', (byte)'\n');
            Text(end < 0 ? piece[at..] : piece[at..(at + end)], to);
            at = end < 0 ? piece.Length : at + end + 1;
            if (end >= 0 && piece[at - 1] == (byte)'\r')
            {
                _sawCr = true;
            }
            else if (end >= 0)
            {
                EndLine("\n"u8, to);
            }
        }

        to.Write(piece[at..]);
    }

    /// <summary>Ends the message, and passes on what is left.</summary>
    public void End(IBufferWriter<byte> to)
    {
        if (_isOver)
        {
            return;
        }

        if (_sawCr)
        {
            EndLine("\r"u8, to);
        }
        else if (_line.WrittenCount > 0 || _isLong)
        {
            EndLine([], to);
        }

        if (!_isOver)
        {
            EndField(to);
        }

        _isOver = true;
    }

    private void Text(ReadOnlySpan<byte> text, IBufferWriter<byte> to)
    {
        if (text.IsEmpty)
        {
            return;
        }

        if (!_isLong && _line.WrittenCount == 0 && text.Length <= LineBytesMax && IsDecided(text))
        {
            StartLine(text, to); // The usual case, without a copy.
            _isLong = true;
            return;
        }

        if (!_isLong && _line.WrittenCount + text.Length <= LineBytesMax)
        {
            _line.Write(text);
            if (IsDecided(_line.WrittenSpan))
            {
                StartLine(_line.WrittenSpan, to);
                _isLong = true;
                _line.ResetWrittenCount();
            }

            return;
        }

        if (!_isLong)
        {
            // A line over the limit is judged by its beginning, and the rest of it is treated
            // alike.
            int room = LineBytesMax - _line.WrittenCount;
            _line.Write(text[..room]);
            text = text[room..];
            StartLine(_line.WrittenSpan, to);
            _isLong = true;
            _line.ResetWrittenCount();
        }

        Pass(text, to);
    }

    /// <summary>Whether the beginning of a line is enough to decide. Lines are not held for longer.
    /// </summary>
    private bool IsDecided(ReadOnlySpan<byte> line)
    {
        if ((line[0] is (byte)' ' or (byte)'\t' && _hasField) || line.Contains((byte)':'))
        {
            return true;
        }

        ReadOnlySpan<byte> name = line.Trim(" \t"u8);
        return name.Length > FieldName.Length
            || !Ascii8.EqualsIgnoreCase(name, FieldName.AsSpan(0, name.Length));
    }

    private void EndLine(ReadOnlySpan<byte> end, IBufferWriter<byte> to)
    {
        if (!_isLong && _line.WrittenCount == 0)
        {
            EndField(to);
            to.Write(end);
            _isOver = true;
            return;
        }

        if (!_isLong)
        {
            StartLine(_line.WrittenSpan, to);
        }

        Pass(end, to);
        _isLong = false;
        _line.ResetWrittenCount();
    }

    /// <summary>Decides about a line, and passes on what was held of it.</summary>
    private void StartLine(ReadOnlySpan<byte> line, IBufferWriter<byte> to)
    {
        if (line[0] is not ((byte)' ' or (byte)'\t') || !_hasField)
        {
            EndField(to);
            _hasField = true;
            int colon = line.IndexOf((byte)':');
            _isHolding = colon > 0
                && Ascii8.EqualsIgnoreCase(line[..colon].Trim(" \t"u8), FieldName);
        }

        Pass(line, to);
    }

    private void Pass(ReadOnlySpan<byte> bytes, IBufferWriter<byte> to)
    {
        if (!_isHolding)
        {
            to.Write(bytes);
        }
        else if (_held.WrittenCount <= LineBytesMax)
        {
            _held.Write(bytes);
        }
    }

    private void EndField(IBufferWriter<byte> to)
    {
        if (!_isHolding)
        {
            return;
        }

        ReadOnlySpan<byte> field = _held.WrittenSpan;
        string? server = field.Length > LineBytesMax ? null
            : ResultsServer.Read(field[(field.IndexOf((byte)':') + 1)..]);
        if (server is null || names.Contains(server))
        {
            Removed++;
        }
        else
        {
            to.Write(field);
        }

        _held.ResetWrittenCount();
        _isHolding = false;
    }
}
