namespace Kopis.Base;

/// <summary>Parses one netstring as it arrives, in pieces of any size, and says which bytes are
/// content. It keeps none of them. A length consists of digits only and is at most
/// <see cref="Netstring.LengthMax"/>.</summary>
public struct NetstringReader
{
    private long _left; // Content bytes to come, or the length read so far.
    private bool _hasDigit;
    private bool _inContent;

    /// <summary>The final comma was read; nothing more is read.</summary>
    public bool IsOver { get; private set; }

    /// <summary>The input is not a netstring; nothing more is read.</summary>
    public bool IsBad { get; private set; }

    /// <summary>The length is over the limit; nothing more is read.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Reads the next piece.</summary>
    /// <param name="bytes">What arrived.</param>
    /// <param name="content">The part of <paramref name="bytes"/> that is content; it may be empty.
    /// </param>
    /// <returns>How many bytes were taken: fewer than all only if the netstring is over or wrong.
    /// </returns>
    public int Read(ReadOnlySpan<byte> bytes, out ReadOnlySpan<byte> content)
    {
        content = [];
        int at = 0;
        while (at < bytes.Length && !_inContent && !IsBad && !IsTooLong && !IsOver)
        {
            ReadHead(bytes[at++]);
        }

        if (!_inContent)
        {
            return at;
        }

        int length = (int)Math.Min(_left, bytes.Length - at);
        content = bytes.Slice(at, length);
        _left -= length;
        at += length;
        if (_left == 0 && at < bytes.Length)
        {
            _inContent = false;
            IsBad = bytes[at] != (byte)',';
            IsOver = !IsBad;
            at++;
        }

        return at;
    }

    private void ReadHead(byte next)
    {
        if (char.IsAsciiDigit((char)next))
        {
            _hasDigit = true;
            _left = (_left * 10) + (next - '0');
            IsTooLong = _left > Netstring.LengthMax;
        }
        else
        {
            _inContent = next == (byte)':' && _hasDigit;
            IsBad = !_inContent;
        }
    }
}
