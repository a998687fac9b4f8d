using System.Runtime.InteropServices;
using System.Text;

namespace Load;

/// <summary>A server's side of one session: bytes in, replies out; counts, and keeps nothing.
/// </summary>
/// <param name="fd">The connection.</param>
/// <param name="keeps">Whether the first recipient and the message are collected.</param>
internal sealed class SinkSession(int fd, bool keeps)
{
    private static ReadOnlySpan<byte> End => "\r\n.\r\n"u8;

    private byte[] _unsent = [];
    private byte[] _rest = [];
    private int _restBytes;
    private bool _isInData;
    private bool _isFirst; // No byte of the message has come.

    private readonly List<byte> _body = [];

    internal int Fd => fd;

    /// <summary>The first recipient, where it is collected.</summary>
    internal byte[] Recipient { get; private set; } = [];

    /// <summary>What came of the message, where it is collected.</summary>
    internal ReadOnlySpan<byte> Body => CollectionsMarshal.AsSpan(_body);

    /// <summary>The reply to a dot is due later: what comes meanwhile is kept.</summary>
    internal bool Waits { get; set; }

    internal bool IsClosed { get; set; }

    /// <summary>QUIT has come.</summary>
    internal bool IsOver { get; private set; }

    /// <summary>Of the transaction that runs.</summary>
    internal int Recipients { get; set; }

    /// <summary>Sends what waits, and then this.</summary>
    /// <returns>Whether something waits now; null where that is as before.</returns>
    internal bool? Send(ReadOnlySpan<byte> bytes)
    {
        bool waited = _unsent.Length > 0;
        if (waited)
        {
            _unsent = [.. _unsent, .. bytes];
            _unsent = _unsent[Sockets.Send(fd, _unsent)..];
        }
        else if (!bytes.IsEmpty)
        {
            _unsent = bytes[Sockets.Send(fd, bytes)..].ToArray();
        }

        return waited == (_unsent.Length > 0) ? null : _unsent.Length > 0;
    }

    /// <summary>What was left of the last read, to be read again before what comes next.</summary>
    internal int Restore(Span<byte> to)
    {
        int count = _restBytes;
        _rest.AsSpan(0, count).CopyTo(to);
        _restBytes = 0;
        return count;
    }

    /// <summary>Handles what is whole, up to the next final dot.</summary>
    /// <param name="input">What came; moves on.</param>
    /// <param name="replies">Where replies go; moves on.</param>
    /// <returns>A message has come whole. Else the rest is kept.</returns>
    internal bool Handle(ref ReadOnlySpan<byte> input, ref Span<byte> replies)
    {
        while (!Waits && !IsOver)
        {
            if (_isInData)
            {
                if (TakeMessage(ref input))
                {
                    return true;
                }

                break;
            }

            int end = input.IndexOf((byte)'\n');
            if (end < 0)
            {
                break;
            }

            Reply(Command(input[..end]), ref replies);
            input = input[(end + 1)..];
        }

        Keep(input);
        input = [];
        return false;
    }

    private bool TakeMessage(ref ReadOnlySpan<byte> input)
    {
        if (_isFirst && input.StartsWith(End[2..]))
        {
            input = input[(End.Length - 2)..]; // An empty message.
            _isInData = false;
            return true;
        }

        _isFirst &= input.Length < End.Length;
        int end = input.IndexOf(End);
        if (end >= 0)
        {
            Collect(input[..end]);
            input = input[(end + End.Length)..];
            _isInData = false;
            return true;
        }

        int seen = _isFirst ? 0 : Math.Max(0, input.Length - End.Length + 1);
        Collect(input[..seen]);
        input = input[seen..];
        return false;
    }

    private void Collect(ReadOnlySpan<byte> part)
    {
        if (keeps)
        {
            _body.AddRange(part);
        }
    }

    private ReadOnlySpan<byte> Command(ReadOnlySpan<byte> line)
    {
        if (Is(line, "RCPT"u8))
        {
            if (keeps && Recipients == 0)
            {
                _body.Clear();
                int from = line.IndexOf((byte)'<') + 1;
                Recipient = line[from..Math.Max(from, line.IndexOf((byte)'>'))].ToArray();
            }

            Recipients++;
            return "250 ok\r\n"u8;
        }

        if (Is(line, "DATA"u8))
        {
            _isInData = _isFirst = Recipients > 0;
            return _isInData ? "354 go\r\n"u8 : "503 no recipients\r\n"u8;
        }

        if (Is(line, "EHLO"u8))
        {
            return "250-sink\r\n250-PIPELINING\r\n250 8BITMIME\r\n"u8;
        }

        if (Is(line, "QUIT"u8))
        {
            IsOver = true;
            return "221 bye\r\n"u8;
        }

        if (Is(line, "MAIL"u8) || Is(line, "RSET"u8))
        {
            Recipients = 0;
            return "250 ok\r\n"u8;
        }

        return Is(line, "HELO"u8) || Is(line, "NOOP"u8)
            ? "250 sink\r\n"u8 : "502 unimplemented\r\n"u8;
    }

    private static bool Is(ReadOnlySpan<byte> line, ReadOnlySpan<byte> verb) =>
        line.Length >= verb.Length && Ascii.EqualsIgnoreCase(line[..verb.Length], verb);

    private static void Reply(ReadOnlySpan<byte> reply, ref Span<byte> replies)
    {
        reply.CopyTo(replies);
        replies = replies[reply.Length..];
    }

    private void Keep(ReadOnlySpan<byte> input)
    {
        if (_rest.Length < input.Length)
        {
            _rest = new byte[input.Length];
        }

        input.CopyTo(_rest);
        _restBytes = input.Length;
    }
}
