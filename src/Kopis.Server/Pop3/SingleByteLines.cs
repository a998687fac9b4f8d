using Kopis.Posix;

namespace Kopis.Server.Pop3;

/// <summary>Reads lines from a descriptor that another program reads afterwards, so it takes no
/// byte after the requested lines. For a few short lines.</summary>
/// <param name="fd">The descriptor; it is not closed.</param>
/// <param name="lineBytesMax">The longest line, without its line end.</param>
/// <param name="timeout">How long all lines may take together.</param>
internal sealed class SingleByteLines(int fd, int lineBytesMax, TimeSpan timeout)
{
    private readonly byte[] _line = new byte[lineBytesMax + 1]; // And a CR.
    private readonly long _began = Environment.TickCount64;

    /// <summary>Reads a line that ends in LF or CRLF.</summary>
    /// <param name="line">The line without its end; valid until the next call.</param>
    /// <param name="tooLong">Whether the line was too long; only its beginning is returned then.
    /// </param>
    /// <returns>False at the end of input, or if the time is over.</returns>
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

    // Null at the end of input, or if the time is over.
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
