using System.Diagnostics;
using System.Text;

namespace Load;

/// <summary>One client: a transaction is a command and its reply at a time, as smtp-source's, and
/// the message one write.</summary>
/// <param name="sender">Says what is to be sent.</param>
internal sealed class SendSession(Sender sender)
{
    private enum Step
    {
        Greeting,
        Hello,
        Mail,
        Recipient,
        Data,
        Dot,
        Quit,
    }

    private readonly byte[] _message = sender.Letter.Copy();
    private ReplyReader _reply;
    private Step _step;
    private int _number;
    private long _began;
    private ReadOnlyMemory<byte> _unsent;

    internal int Fd { get; private set; }

    /// <summary>Connects; the greeting is waited for.</summary>
    /// <param name="number">Of the first message.</param>
    internal void Connect(int number)
    {
        Fd = sender.Connect();
        (_step, _number, _reply, _unsent) = (Step.Greeting, number, default, default);
    }

    /// <summary>Goes on where the connection can be read or written.</summary>
    /// <param name="block">Where to read to.</param>
    /// <returns>False where the connection has ended.</returns>
    internal bool Continue(byte[] block)
    {
        if (!_unsent.IsEmpty)
        {
            Send(_unsent);
        }

        int got = Sockets.Receive(Fd, block);
        if (got < 0)
        {
            return true;
        }

        ReadOnlySpan<byte> input = block.AsSpan(0, got);
        int used = _reply.Read(input, out byte digit);
        if (got == 0 || used < got)
        {
            throw new IOException(got == 0
                ? $"closed at {_step}" : $"bytes after a reply to {_step}");
        }

        if (digit == 0)
        {
            return true;
        }

        if (digit != (_step == Step.Data ? (byte)'3' : (byte)'2'))
        {
            throw new IOException(
                $"reply to {_step}: {Encoding.Latin1.GetString(input).TrimEnd()}");
        }

        return Next();
    }

    private bool Next()
    {
        switch (_step)
        {
            case Step.Greeting:
                return Say(Step.Hello, "HELO client.test\r\n"u8.ToArray());
            case Step.Hello:
                return Say(Step.Mail, sender.Letter.Mail);
            case Step.Mail:
                byte[][] recipients = sender.Letter.Recipients;
                return Say(Step.Recipient, recipients[_number % recipients.Length]);
            case Step.Recipient:
                return Say(Step.Data, "DATA\r\n"u8.ToArray());
            case Step.Data:
                sender.Letter.Number(_message, _number);
                _began = Stopwatch.GetTimestamp();
                return Say(Step.Dot, _message);
            case Step.Dot:
                sender.Accepted(Stopwatch.GetElapsedTime(_began));
                return sender.KeepsConnections && sender.TryTake(out _number)
                    ? Say(Step.Mail, sender.Letter.Mail)
                    : Say(Step.Quit, "QUIT\r\n"u8.ToArray());
            default:
                sender.Close(this);
                return false;
        }
    }

    private bool Say(Step step, byte[] bytes)
    {
        _step = step;
        Send(bytes);
        return true;
    }

    private void Send(ReadOnlyMemory<byte> bytes)
    {
        bool waited = !_unsent.IsEmpty;
        _unsent = bytes[Sockets.Send(Fd, bytes.Span)..];
        if (waited == _unsent.IsEmpty)
        {
            sender.Poll.WatchOutput(Fd, !_unsent.IsEmpty);
        }
    }
}
