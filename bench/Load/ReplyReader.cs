namespace Load;

/// <summary>Finds the ends of replies (RFC 5321 §4.2.1): the line whose code no hyphen follows.
/// </summary>
internal struct ReplyReader
{
    private const int CodeBytes = 3;
    private int _column;
    private byte _digit;
    private bool _goesOn;

    /// <summary>Reads on, to the end of one reply at most.</summary>
    /// <param name="input">What came.</param>
    /// <param name="digit">The first digit of its code; zero while it is not whole.</param>
    /// <returns>How many bytes were read.</returns>
    internal int Read(ReadOnlySpan<byte> input, out byte digit)
    {
        digit = 0;
        for (int i = 0; i < input.Length; i++)
        {
            byte one = input[i];
            if (_column == 0)
            {
                _digit = one;
            }

            if (one == (byte)'\n')
            {
                bool isWhole = !_goesOn;
                (_column, _goesOn) = (0, false);
                if (isWhole)
                {
                    digit = _digit;
                    return i + 1;
                }

                continue;
            }

            _goesOn |= _column == CodeBytes && one == (byte)'-';
            _column++;
        }

        return input.Length;
    }
}
