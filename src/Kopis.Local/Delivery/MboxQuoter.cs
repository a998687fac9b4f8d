using System.Buffers;
using Kopis.Base;

namespace Kopis.Local.Delivery;

/// <summary>
/// Writes a message as mbox keeps it: <c>&gt;</c> before every line that is
/// <c>&gt;</c>…<c>&gt;From&#160;</c>, an LF if the last line lacked it, one empty line
/// (contract §7.7). Takes the message in blocks of any size and holds back at most five bytes.
/// </summary>
public sealed class MboxQuoter(IBufferWriter<byte> to)
{
    // The extra > may stand anywhere in the run of >, so it is put right before "From ".
    private static readonly byte[] From = "From "u8.ToArray();

    private bool _inQuotes = true; // At a line's start, or in its run of '>'.
    private int _matched;
    private bool _lineOpen;

    /// <summary>Takes the next block.</summary>
    public void Write(ReadOnlySpan<byte> block)
    {
        while (!block.IsEmpty)
        {
            if (_inQuotes)
            {
                OnStart(block[0]);
                block = block[1..];
                continue;
            }

            int end = block.IndexOf((byte)'\n');
            ReadOnlySpan<byte> rest = end < 0 ? block : block[..(end + 1)];
            to.Write(rest);
            block = block[rest.Length..];
            if (end >= 0)
            {
                StartLine();
            }
        }
    }

    /// <summary>Ends the message.</summary>
    public void End()
    {
        to.Write(From.AsSpan(0, _matched));
        to.Write(_lineOpen ? "\n\n"u8 : "\n"u8);
    }

    private void OnStart(byte b)
    {
        _lineOpen = true;
        if (b == (byte)'>' && _matched == 0)
        {
            to.WriteByte(b);
            return;
        }

        if (b == From[_matched])
        {
            if (++_matched < From.Length)
            {
                return;
            }

            to.WriteByte((byte)'>');
            b = From[^1];
            _matched--;
        }

        to.Write(From.AsSpan(0, _matched));
        to.WriteByte(b);
        _matched = 0;
        _inQuotes = false;
        if (b == (byte)'\n')
        {
            StartLine();
        }
    }

    private void StartLine()
    {
        _inQuotes = true;
        _lineOpen = false;
    }
}
