using Kopis.Posix;

namespace Kopis.Server.Pop3;

/// <summary>
/// Reads lines from a descriptor that another program goes on to read: not a byte more is taken
/// than the lines asked for. For a handful of short lines.
/// </summary>
/// <param name="fd">The descriptor, left as it is.</param>
/// <param name="lineBytesMax">The longest line, without its line end.</param>
/// <param name="timeout">How long all lines may take together.</param>
internal sealed class SingleByteLines(int fd, int lineBytesMax, TimeSpan timeout)
{
    private readonly byte[] _line = new byte[lineBytesMax + 1]; // And a CR.
    private readonly long _began = Environment.TickCount64;

    /// <summary>Reads one line, that ends in LF or CRLF.</summary>
    /// <param name="line">Without its end; good until the next call.</param>
    /// <param name="tooLong">Whether it was too long; the line is then its beginning.</param>
    /// <returns>False at the end of input and of the time.</returns>
    /// <exception cref="PosixException">The descriptor cannot be read.</exception>
    internal bool TryRead(out ReadOnlySpan<byte> line, out bool tooLong)
    {
        int length = 0;
        line = [];
        tooLong = false;
        while (TryReadByte() is { } next)
        {
            if (next == (byte)'\n')
            {
                ReadOnlySpan<byte> whole = _line.AsSpan(0, length);
                line = whole is [.., (byte)'\r'] ? whole[..^1] : whole;
                tooLong |= line.Length > lineBytesMax;
                return true;
            }

            if (length < _line.Length)
            {
                _line[length++] = next;
            }
            else
            {
                tooLong = true;
            }
        }

        return false;
    }

    // Null at the end of input and of the time.
    private byte? TryReadByte()
    {
        byte next = 0;
        int got;
        do
        {
            TimeSpan left = timeout - TimeSpan.FromMilliseconds(Environment.TickCount64 - _began);
            if (left <= TimeSpan.Zero || !Poller.WaitReadable(fd, left))
            {
                return null;
            }

            got = Fd.Read(fd, new Span<byte>(ref next));
        }
        while (got < 0);
        return got > 0 ? next : null;
    }
}
