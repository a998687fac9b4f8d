using System.Buffers;
using Kopis.Base;

namespace Kopis.Mail.SmtpClient;

/// <summary>Reads one reply of an SMTP server (RFC 5321 §4.2): lines <c>250-text</c>, and last
/// <c>250 text</c>. No I/O. Both the bytes that are kept and the length of a reply are limited.
/// </summary>
public sealed class ReplyReader
{
    /// <summary>How many bytes of a reply reports keep (contract §8.2).</summary>
    public const int KeptBytesMax = 5000;

    /// <summary>The longest reply; the server of a longer one is broken or hostile.</summary>
    public const int ReplyBytesMax = 64 * 1024;

    private readonly ArrayBufferWriter<byte> _kept = new(512);
    private readonly byte[] _lineStart = new byte[4];
    private int _lineBytes;
    private int _total;
    private int _firstCode;

    /// <summary>The code of the last line; 0 until the reply is complete. If it is not three digits
    /// it is 999, which is no success.</summary>
    public int Code { get; private set; }

    /// <summary>The reply without CRs, with NULs as <c>?</c>; it ends in LF.</summary>
    public ReadOnlySpan<byte> Text => _kept.WrittenSpan;

    /// <summary>Whether the reply is longer than any reasonable one.</summary>
    public bool IsEndless => _total > ReplyBytesMax;

    /// <summary>Whether its lines had different codes (RFC 5321 §4.2.1 allows one), so that its
    /// meaning is not known.</summary>
    public bool IsMixed { get; private set; }

    /// <summary>Prepares for the next reply.</summary>
    public void Reset()
    {
        _kept.ResetWrittenCount();
        _lineBytes = _total = _firstCode = Code = 0;
        IsMixed = false;
    }

    /// <summary>Reads bytes until the reply is complete.</summary>
    /// <returns>How many bytes were taken; the rest belongs to the next reply.</returns>
    public int Read(ReadOnlySpan<byte> bytes)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            if (++_total > ReplyBytesMax)
            {
                return i;
            }

            byte b = bytes[i];
            Keep(b);
            if (b != (byte)'\n')
            {
                if (_lineBytes < _lineStart.Length)
                {
                    _lineStart[_lineBytes] = b;
                }

                _lineBytes++;
                continue;
            }

            bool goesOn = _lineBytes >= 4 && _lineStart[3] == (byte)'-';
            int code = ParseCode();
            _firstCode = _firstCode == 0 ? code : _firstCode;
            IsMixed |= code != _firstCode;
            _lineBytes = 0;
            if (!goesOn)
            {
                Code = code;
                return i + 1;
            }
        }

        return bytes.Length;
    }

    private void Keep(byte b)
    {
        if (b != (byte)'\r' && _kept.WrittenCount < KeptBytesMax)
        {
            _kept.WriteByte(b == 0 ? (byte)'?' : b);
        }
    }

    private int ParseCode()
    {
        const int noCode = 999;
        if (_lineBytes < 3)
        {
            return noCode;
        }

        int code = 0;
        for (int i = 0; i < 3; i++)
        {
            if (_lineStart[i] is < (byte)'0' or > (byte)'9')
            {
                return noCode;
            }

            code = (code * 10) + _lineStart[i] - '0';
        }

        return code;
    }
}
