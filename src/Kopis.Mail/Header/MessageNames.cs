using Kopis.Base;

namespace Kopis.Mail.Header;

/// <summary>Finds the first Message-ID and Subject in a message's header (RFC 5322 §3.6.4, §3.6.5).
/// It takes the message as stored, in pieces of any size. A header that comes in one piece, as most
/// do, is not copied.</summary>
public sealed class MessageNames
{
    private const int HeaderBytesMax = 32 * 1024; // Later fields are not searched.
    private const int ValueBytesMax = 998; // A line of RFC 5322 §2.1.1.
    private static readonly byte[] HeaderEnd = "\n\n"u8.ToArray();

    private byte[] _header = [];
    private int _length;
    private bool _isOver;

    /// <summary>The value of the Message-ID, unfolded; empty if none was found yet.</summary>
    public byte[] MessageId { get; private set; } = [];

    /// <summary>The value of the Subject, unfolded; empty if none was found yet.</summary>
    public byte[] Subject { get; private set; } = [];

    /// <summary>Reads the next piece.</summary>
    public void Append(ReadOnlySpan<byte> piece)
    {
        if (_isOver || piece.IsEmpty)
        {
            return;
        }

        if (_length == 0 && piece.IndexOf(HeaderEnd) is >= 0 and int end)
        {
            Read(piece[..(end + 1)]);
            return;
        }

        int room = Math.Min(piece.Length, HeaderBytesMax - _length);
        if (_header.Length < _length + room)
        {
            Array.Resize(ref _header, Math.Max(4096, 2 * (_length + room)));
        }

        piece[..room].CopyTo(_header.AsSpan(_length));
        int from = Math.Max(0, _length - 1);
        _length += room;
        int found = _header.AsSpan(from, _length - from).IndexOf(HeaderEnd);
        if (found >= 0 || _length == HeaderBytesMax)
        {
            Read(_header.AsSpan(0, found >= 0 ? from + found + 1 : _length));
        }
    }

    /// <summary>Ends the message, which may end within its header.</summary>
    public void End()
    {
        if (!_isOver)
        {
            Read(_header.AsSpan(0, _length));
        }
    }

    private void Read(ReadOnlySpan<byte> header)
    {
        _isOver = true;
        _header = [];
        while (!header.IsEmpty && header[0] != '\n')
        {
            int end = EndOfField(header);
            ReadOnlySpan<byte> field = header[..end];
            if (MessageId.Length == 0 && Is(field, "message-id:"u8, out byte[] id))
            {
                MessageId = id;
            }
            else if (Subject.Length == 0 && Is(field, "subject:"u8, out byte[] subject))
            {
                Subject = subject;
            }

            header = header[end..];
        }
    }

    // The field with its line end and its continuation lines.
    private static int EndOfField(ReadOnlySpan<byte> header)
    {
        int end = 0;
        do
        {
            int line = header[end..].IndexOf((byte)'\n');
            end = line < 0 ? header.Length : end + line + 1;
        }
        while (end < header.Length && header[end] is (byte)' ' or (byte)'\t');
        return end;
    }

    private static bool Is(ReadOnlySpan<byte> field, ReadOnlySpan<byte> name, out byte[] value)
    {
        bool isIt = Ascii8.StartsWithIgnoreCase(field, name);
        value = isIt ? Unfold(field[name.Length..]) : [];
        return isIt;
    }

    private static byte[] Unfold(ReadOnlySpan<byte> value)
    {
        value = value.Trim(" \t\n"u8);
        byte[] text = value[..Math.Min(value.Length, ValueBytesMax)].ToArray();
        int length = 0;
        foreach (byte b in text)
        {
            if (b != '\n')
            {
                text[length++] = b;
            }
        }

        return text[..length];
    }
}
