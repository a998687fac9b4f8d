namespace Kopis.Mail.Header;

/// <summary>Finds the end of a message's header, fed piece by piece.</summary>
public sealed class HeaderCut
{
    private bool _atLineStart = true;
    private bool _isOver;

    /// <summary>How many bytes of the piece belong to the header, without the empty line. Fewer
    /// than all once the header has ended.</summary>
    public int Append(ReadOnlySpan<byte> piece)
    {
        int at = 0;
        while (!_isOver && at < piece.Length)
        {
            if (_atLineStart && piece[at] == (byte)'\n')
            {
                _isOver = true;
                break;
            }

            int end = piece[at..].IndexOf((byte)'\n');
            _atLineStart = end >= 0;
            at = end < 0 ? piece.Length : at + end + 1;
        }

        return at;
    }
}
