namespace Kopis.Local.Delivery;

/// <summary>
/// Looks for our own Delivered-To line in a header that comes in blocks; lines may be of any
/// length. Stops at the first empty line (contract §7.5).
/// </summary>
internal sealed class LoopScan(byte[] deliveredTo)
{
    private int _column;
    private bool _same = true;

    /// <summary>Whether the line was there.</summary>
    internal bool Found { get; private set; }

    /// <summary>Takes the next block. False once there is nothing more to look for.</summary>
    internal bool Scan(ReadOnlySpan<byte> block)
    {
        while (!block.IsEmpty)
        {
            int end = block.IndexOf((byte)'\n');
            ReadOnlySpan<byte> piece = end < 0 ? block : block[..(end + 1)];
            _same = _same && _column + piece.Length <= deliveredTo.Length
                && deliveredTo.AsSpan(_column, piece.Length).SequenceEqual(piece);
            if (end < 0)
            {
                // Past its own length nothing can match, so the column need not grow for ever.
                _column = _same ? _column + piece.Length : deliveredTo.Length;
                return true;
            }

            if (_column + piece.Length == 1)
            {
                return false;
            }

            if (_same && _column + piece.Length == deliveredTo.Length)
            {
                Found = true;
                return false;
            }

            _column = 0;
            _same = true;
            block = block[piece.Length..];
        }

        return true;
    }
}
