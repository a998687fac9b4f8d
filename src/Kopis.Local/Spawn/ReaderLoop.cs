using System.Diagnostics.CodeAnalysis;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Recipients;
using Kopis.Users.Tickets;

namespace Kopis.Local.Spawn;

/// <summary>Root's part of POP3. qmail-lookup says who has logged in, root's own files confirm it,
/// and the socket that came along is passed to that user's qmail-pop3d. It reads nothing else, and
/// writes to no other process. Not thread-safe; blocks only in poll(2).</summary>
/// <param name="context">The program's context.</param>
/// <param name="judge">The socket from qmail-lookup.</param>
internal sealed class ReaderLoop(ProgramContext context, int judge)
{
    private readonly RootRecords _word = new(context.Home);
    private readonly RefusalLog _log = new("qmail-popspawn", TimeProvider.System);
    private readonly WarmLocals _readers = new(
        context, asRoot: true, TimeProvider.System, "qmail-pop3d", TimeSpan.FromSeconds(10));
    private readonly byte[] _packet = new byte[ReaderGrant.BytesMax + 1];

    /// <summary>Runs for ever: the process that starts it keeps the other end.</summary>
    [DoesNotReturn]
    internal void Run()
    {
        Poller poller = new() { Watch = new Watchdog("qmail-popspawn") };
        poller.Add(judge, read: true);
        while (true)
        {
            if (poller.Wait(_readers.SweepWithin))
            {
                int got = FdPassing.Receive(judge, _packet, out int passed);
                if (Judge(_packet.AsSpan(0, got), passed) is { Length: > 0 } refusal)
                {
                    _log.Refused(refusal);
                }

                Fd.Close(passed);
            }

            _readers.Sweep();
        }
    }

    // Why the grant was refused; empty if it was not.
    private string Judge(ReadOnlySpan<byte> packet, int passed)
    {
        if (!Fd.IsUnixStream(passed) || ReaderGrant.Parse(packet, out byte[] grant) is not { } user)
        {
            return "a packet of another form";
        }

        if (!_word.Confirms(user))
        {
            return "a user who is different in root's files";
        }

        RootReply reply = _readers.Grant(user, 0, out int orders, grant, passed);
        Fd.Close(orders); // qmail-pop3d gets commands only from its client.
        return reply.Code == 0 ? "" : "a user whose qmail-pop3d cannot be started";
    }
}
