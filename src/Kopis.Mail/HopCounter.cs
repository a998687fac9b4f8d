using Kopis.Base;

namespace Kopis.Mail;

/// <summary>
/// Counts the header lines that begin with <c>Received</c> or <c>Delivered</c>, in any letter case
/// and up to the first empty line: one for each host a message has been through (contract §9.1).
/// Takes the message as stored, in pieces cut anywhere.
/// </summary>
public sealed class HopCounter
{
    private const int WordBytesMax = 9;
    private readonly byte[] _lineStart = new byte[WordBytesMax];
    private int _kept; // Bytes of the line's start; stays at the most when it has been judged.
    private bool _inBody;

    /// <summary>Lines so far.</summary>
    public int Count { get; private set; }

    /// <summary>Takes the next piece.</summary>
    public void Append(ReadOnlySpan<byte> piece)
    {
        while (!_inBody && !piece.IsEmpty)
        {
            int end = piece.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? piece : piece[..end];
            piece = end < 0 ? [] : piece[(end + 1)..];
            Keep(line);
            if (end >= 0)
            {
                _inBody = _kept == 0;
                _kept = 0;
            }
        }
    }

    private void Keep(ReadOnlySpan<byte> line)
    {
        int before = _kept;
        line = line[..Math.Min(line.Length, WordBytesMax - before)];
        line.CopyTo(_lineStart.AsSpan(before));
        _kept += line.Length;

        // Each word counts in the moment it becomes whole.
        if (Completes(before, "received"u8) || Completes(before, "delivered"u8))
        {
            Count++;
        }
    }

    private bool Completes(int before, ReadOnlySpan<byte> word) =>
        before < word.Length && _kept >= word.Length
        && Ascii8.EqualsIgnoreCase(_lineStart.AsSpan(0, word.Length), word);
}
