using System.Buffers;
using Kopis.Base;

namespace Kopis.Local.Delivery;

/// <summary>Writes a message in mbox form: a <c>&gt;</c> before each line
/// <c>&gt;</c>…<c>&gt;From&#160;</c>, an LF if the last line has none, and an empty line (contract
/// §7.7). The message comes in blocks of any size; at most five bytes are held back.</summary>
public sealed class MboxQuoter(IBufferWriter<byte> to)
{
    // The extra > may be anywhere among the others, so it is added right before "From ".
    private static readonly byte[] From = "From "u8.ToArray();

    private bool _inQuotes = true; // At the start of a line, or in its '>' characters.
    private int _matched;
    private bool _lineOpen;

    /// <summary>Writes the next block.</summary>
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
