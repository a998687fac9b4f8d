using System.Buffers;
using Kopis.Base;

namespace Kopis.Host.Migration.Mailboxes;

/// <summary>Splits an mbox (mbox(5)) into messages. A line that begins with <c>From&#160;</c>, at
/// the start or after an empty line, begins a message; one <c>&gt;</c> is removed from lines of
/// <c>&gt;</c>…<c>From</c>. Status and X-Status become flags; what other programs keep in a header
/// is left out. No I/O.</summary>
/// <param name="sink">Receives the messages.</param>
internal sealed class MboxReader(IMboxSink sink)
{
    private const int LineBytesMax = 64 * 1024; // A longer one is taken in pieces.

    private readonly ArrayBufferWriter<byte> _line = new();
    private State _state = State.Start;
    private bool _isLineStart = true;
    private bool _isBodyStart; // The line before ended the header: the body may be empty.
    private bool _hasEmpty; // An empty line of the body, which may belong to the next From_ line.
    private bool _isDropped; // The field whose lines come.
    private bool _isOld;
    private string _flags = "";

    private enum State
    {
        Start,
        Header,
        Body,
    }

    /// <summary>Reads the next block.</summary>
    /// <returns>False if this is not an mbox.</returns>
    internal bool Write(ReadOnlySpan<byte> block)
    {
        while (!block.IsEmpty)
        {
            int end = block.IndexOf((byte)'\n') + 1;
            int room = LineBytesMax - _line.WrittenCount;
            int length = Math.Min(end == 0 ? block.Length : end, room);
            _line.Write(block[..length]);
            block = block[length..];
            bool isWhole = end > 0 && length == end;
            if ((isWhole || _line.WrittenCount == LineBytesMax) && !EndLine(isWhole))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Ends the file.</summary>
    /// <returns>False if this is not an mbox.</returns>
    internal bool End()
    {
        if (_line.WrittenCount > 0 && !EndLine(isWhole: true))
        {
            return false;
        }

        EndMessage();
        return true;
    }

    private bool EndLine(bool isWhole)
    {
        bool isGood = OnLine(_line.WrittenSpan, _isLineStart);
        _isLineStart = isWhole;
        _line.ResetWrittenCount();
        return isGood;
    }

    private bool OnLine(ReadOnlySpan<byte> line, bool isStart)
    {
        bool mayBegin = _state == State.Start
            || (_state == State.Body && (_hasEmpty || _isBodyStart));
        _isBodyStart = false;
        if (isStart && mayBegin && line.StartsWith("From "u8))
        {
            EndMessage();
            sink.Begin(line.TrimEnd("\r\n"u8));
            (_state, _isOld, _flags, _isDropped) = (State.Header, false, "", false);
            return true;
        }

        if (_state == State.Start)
        {
            return false;
        }

        if (_hasEmpty)
        {
            sink.Write("\n"u8);
            _hasEmpty = false;
        }

        if (_state == State.Header)
        {
            OnHeader(line, isStart);
        }
        else if (isStart && line.SequenceEqual("\n"u8))
        {
            _hasEmpty = true;
        }
        else
        {
            sink.Write(isStart && IsQuoted(line) ? line[1..] : line);
        }

        return true;
    }

    private void OnHeader(ReadOnlySpan<byte> line, bool isStart)
    {
        bool isEmpty = isStart && (line.SequenceEqual("\n"u8) || line.SequenceEqual("\r\n"u8));
        if (isStart && !isEmpty && line[0] is not ((byte)' ' or (byte)'\t'))
        {
            OnField(line);
        }

        if (isEmpty)
        {
            (_state, _isDropped, _isBodyStart) = (State.Body, false, true);
        }

        if (!_isDropped)
        {
            sink.Write(line);
        }
    }

    // Fields of mail programs. A Maildir keeps only what its flags can express.
    private void OnField(ReadOnlySpan<byte> line)
    {
        int colon = line.IndexOf((byte)':');
        ReadOnlySpan<byte> name = colon < 0 ? [] : line[..colon];
        ReadOnlySpan<byte> value = colon < 0 ? [] : line[(colon + 1)..];
        bool isStatus = Is(name, "Status"u8);
        bool isMore = Is(name, "X-Status"u8);
        _isDropped = isStatus || isMore || Is(name, "X-UID"u8) || Is(name, "X-IMAP"u8)
            || Is(name, "X-IMAPbase"u8) || Is(name, "Content-Length"u8);
        foreach (byte letter in isStatus || isMore ? value : [])
        {
            _isOld |= letter is (byte)'O' or (byte)'R';
            string flag = (isMore, letter) switch
            {
                (false, (byte)'R') => "S",
                (true, (byte)'A') => "R",
                (true, (byte)'F') => "F",
                (true, (byte)'D') => "T",
                (true, (byte)'T') => "D",
                _ => "",
            };
            _flags += _flags.Contains(flag, StringComparison.Ordinal) ? "" : flag;
        }
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> other) =>
        Ascii8.EqualsIgnoreCase(name, other);

    private static bool IsQuoted(ReadOnlySpan<byte> line) =>
        line[0] == (byte)'>' && line.TrimStart((byte)'>').StartsWith("From "u8);

    private void EndMessage()
    {
        if (_state != State.Start)
        {
            sink.End(_isOld || _flags.Length > 0 ? string.Concat(_flags.Order()) : null);
        }

        _hasEmpty = false;
    }
}
