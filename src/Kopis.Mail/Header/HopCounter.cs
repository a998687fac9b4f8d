using Kopis.Base;

namespace Kopis.Mail.Header;

/// <summary>Counts the header lines that begin with <c>Received</c> or <c>Delivered</c>, in any
/// letter case, up to the first empty line. There is one for each host that a message has been
/// through (contract §9.1). It takes the message as stored, in pieces of any size.</summary>
/// <param name="onDelivered">Receives the address of each line <c>Delivered-To: ADDRESS</c>,
/// exactly as qmail-local writes and compares it.</param>
public sealed class HopCounter(Action<ReadOnlySpan<byte>>? onDelivered = null)
{
    private const int WordBytesMax = 9;

    // The longest address of the local channel: 900 bytes, plus at most 1,000 that virtualdomains
    // adds.
    private const int LineBytesMax = 2048;
    private static readonly byte[] Start = "Delivered-To: "u8.ToArray();

    private byte[] _line = []; // Of one that may be such a line.
    private int _length;
    private bool _mayBeOurs;
    private readonly byte[] _lineStart = new byte[WordBytesMax];
    private int _kept; // Bytes of the line's start; stays at the most when it has been judged.
    private bool _inBody;

    /// <summary>The number of lines so far.</summary>
    public int Count { get; private set; }

    /// <summary>Reads the next piece.</summary>
    public void Append(ReadOnlySpan<byte> piece)
    {
        while (!_inBody && !piece.IsEmpty)
        {
            int end = piece.IndexOf((byte)'\n');
            ReadOnlySpan<byte> line = end < 0 ? piece : piece[..end];
            piece = end < 0 ? [] : piece[(end + 1)..];
            if (onDelivered is not null)
            {
                Look(line, isWhole: end >= 0);
            }

            Keep(line);
            if (end >= 0)
            {
                _inBody = _kept == 0;
                _kept = 0;
            }
        }
    }

    // Only a line that is split between pieces is copied.
    private void Look(ReadOnlySpan<byte> line, bool isWhole)
    {
        if (_kept == 0 && isWhole)
        {
            _mayBeOurs = false;
            if (line.Length <= LineBytesMax && line.StartsWith(Start))
            {
                onDelivered!(line[Start.Length..]);
            }

            return;
        }

        if (_kept == 0 && line is [(byte)'D', ..])
        {
            _line = _line.Length == 0 ? new byte[LineBytesMax] : _line;
            (_length, _mayBeOurs) = (0, true);
        }

        _mayBeOurs = _mayBeOurs && _length + line.Length <= LineBytesMax;
        if (!_mayBeOurs)
        {
            return;
        }

        line.CopyTo(_line.AsSpan(_length));
        _length += line.Length;
        if (isWhole)
        {
            _mayBeOurs = false;
            ReadOnlySpan<byte> whole = _line.AsSpan(0, _length);
            if (whole.StartsWith(Start))
            {
                onDelivered!(whole[Start.Length..]);
            }
        }
    }

    private void Keep(ReadOnlySpan<byte> line)
    {
        int before = _kept;
        line = line[..Math.Min(line.Length, WordBytesMax - before)];
        line.CopyTo(_lineStart.AsSpan(before));
        _kept += line.Length;

        // Each word counts at the moment when it is complete.
        if (Completes(before, "received"u8) || Completes(before, "delivered"u8))
        {
            Count++;
        }
    }

    private bool Completes(int before, ReadOnlySpan<byte> word) =>
        before < word.Length && _kept >= word.Length
        && Ascii8.EqualsIgnoreCase(_lineStart.AsSpan(0, word.Length), word);
}
