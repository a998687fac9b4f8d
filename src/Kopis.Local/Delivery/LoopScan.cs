namespace Kopis.Local.Delivery;

/// <summary>Searches a header that comes in blocks for our own Delivered-To line. Lines may have
/// any length. Stops at the first empty line (contract §7.5).</summary>
internal sealed class LoopScan(byte[] deliveredTo)
{
    private int _column;
    private bool _same = true;

    /// <summary>Whether the line was found.</summary>
    internal bool Found { get; private set; }

    /// <summary>Searches the next block. False if there is nothing more to search.</summary>
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
                // A line longer than ours cannot match, so the column need not grow without limit.
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
