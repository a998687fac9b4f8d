using System.Diagnostics;

namespace Load;

/// <summary>Many servers on one thread. A dot can have its reply late: such sessions wait in a
/// queue, not in threads.</summary>
/// <param name="listener">A listening socket that does not block.</param>
/// <param name="counters">What came.</param>
/// <param name="delay">Of the reply to each final dot.</param>
/// <param name="keeper">Null: nothing is kept.</param>
internal sealed class Sink(int listener, Counters counters, TimeSpan delay, Keeper? keeper)
{
    private const int BlockBytes = 256 * 1024;
    private const int RestBytesMax = BlockBytes / 2;
    private const int RepliesBytes = 20 * BlockBytes; // A line of LF alone has a reply of 19.

    private readonly Poll _poll = new();
    private readonly Dictionary<int, SinkSession> _sessions = [];
    private readonly Queue<(long Due, SinkSession Session)> _delayed = new();
    private readonly List<SinkSession> _written = [];
    private readonly byte[] _block = new byte[BlockBytes];
    private readonly byte[] _replies = new byte[RepliesBytes];

    /// <summary>Serves until it is killed.</summary>
    internal void Run()
    {
        _poll.Watch(listener);
        while (true)
        {
            int ready = _poll.Wait(UntilDue());
            for (int i = 0; i < ready; i++)
            {
                int fd = _poll.Ready(i);
                if (fd == listener)
                {
                    Accept();
                }
                else if (_sessions.TryGetValue(fd, out SinkSession? session))
                {
                    Read(session);
                }
            }

            while (_written.Count > 0)
            {
                keeper?.Sync();
                SinkSession[] kept = [.. _written];
                _written.Clear();
                foreach (SinkSession session in kept)
                {
                    GoOn(session); // The next message of a session may have come.
                }
            }

            while (_delayed.TryPeek(out (long Due, SinkSession Session) first)
                && first.Due <= Stopwatch.GetTimestamp())
            {
                _delayed.Dequeue();
                GoOn(first.Session);
            }
        }
    }

    private void GoOn(SinkSession session)
    {
        session.Waits = false;
        if (!session.IsClosed)
        {
            Take(session);
            Converse(session, session.Restore(_block), "250 ok\r\n"u8);
        }
    }

    private int UntilDue() => _delayed.TryPeek(out (long Due, SinkSession) first)
        ? Math.Max(0, (int)Math.Ceiling(
            (first.Due - Stopwatch.GetTimestamp()) * 1000.0 / Stopwatch.Frequency))
        : -1;

    private void Accept()
    {
        int fd;
        while ((fd = Sockets.Accept(listener)) >= 0)
        {
            SinkSession session = new(fd, keeper is not null);
            _sessions.Add(fd, session);
            counters.Opened(_sessions.Count);
            _poll.Watch(fd);
            Say(session, "220 sink ESMTP\r\n"u8);
        }
    }

    private void Read(SinkSession session)
    {
        Say(session, []);
        if (session.IsClosed)
        {
            return;
        }

        int rest = session.Restore(_block);
        int got;
        try
        {
            got = rest > RestBytesMax ? 0 : Sockets.Receive(session.Fd, _block.AsSpan(rest));
        }
        catch (IOException)
        {
            got = 0; // Reset.
        }

        if (got == 0)
        {
            Close(session);
            return;
        }

        Converse(session, rest + Math.Max(0, got), []);
    }

    /// <summary>Handles what came, and sends all replies to it in one write.</summary>
    private void Converse(SinkSession session, int count, ReadOnlySpan<byte> first)
    {
        ReadOnlySpan<byte> input = _block.AsSpan(0, count);
        first.CopyTo(_replies);
        Span<byte> replies = _replies.AsSpan(first.Length);
        while (session.Handle(ref input, ref replies))
        {
            if (keeper is not null)
            {
                session.Waits = true;
                keeper.Add(session.Recipient, session.Body);
                _written.Add(session);
                continue;
            }

            if (delay > TimeSpan.Zero)
            {
                session.Waits = true;
                long ticks = (long)(delay.TotalSeconds * Stopwatch.Frequency);
                _delayed.Enqueue((Stopwatch.GetTimestamp() + ticks, session));
                continue;
            }

            Take(session);
            "250 ok\r\n"u8.CopyTo(replies);
            replies = replies["250 ok\r\n"u8.Length..];
        }

        Say(session, _replies.AsSpan(0, _replies.Length - replies.Length));
        if (session.IsOver)
        {
            Close(session);
        }
    }

    private void Take(SinkSession session)
    {
        counters.Took(session.Recipients);
        session.Recipients = 0;
    }

    private void Say(SinkSession session, ReadOnlySpan<byte> bytes)
    {
        try
        {
            if (session.Send(bytes) is { } hasUnsent)
            {
                _poll.WatchOutput(session.Fd, hasUnsent);
            }
        }
        catch (IOException)
        {
            Close(session);
        }
    }

    private void Close(SinkSession session)
    {
        if (!session.IsClosed)
        {
            session.IsClosed = true;
            _sessions.Remove(session.Fd);
            SystemCalls.close(session.Fd);
        }
    }
}
