using System.Text;
using Kopis.Posix;
using Kopis.Users.Settings;

namespace Kopis.Users.Tickets;

/// <summary>
/// qmail-lookup's end of <c>users/readers</c>. It redeems the tickets that listeners return, and
/// passes each user, with the socket that came along, to qmail-popspawn. Runs on a thread of its
/// own.
/// </summary>
/// <param name="listener">Where listeners connect.</param>
/// <param name="root">The socket to qmail-popspawn.</param>
/// <param name="mayAsk">Whether packets of a uid are accepted, for a kind of request: the first
/// byte of a <see cref="ReaderRequest"/>; null: for any kind.</param>
/// <param name="key">The key that signs our tickets.</param>
internal sealed class TicketServer(
    int listener, int root, Func<uint, byte?, bool> mayAsk, byte[] key)
{
    private const int AskersMax = 32; // For each uid: its listeners, each with one connection.

    private readonly RefusalLog _log = new("qmail-lookup", TimeProvider.System);
    private readonly List<int> _askers = [];
    private readonly ReaderTickets _forMail = new(key);
    // A table of its own, so that it cannot fill the one for mail.
    private readonly ReaderTickets _forSettings = new(key, forSettings: true);
    private readonly byte[] _packet = new byte[ReaderRequest.BytesMax + 1];

    /// <summary>Begins to serve, for as long as the process lives.</summary>
    internal void Start()
    {
        Fd.SetNonBlocking(listener, true);
        Fd.SetNonBlocking(root, true);
        new Thread(Run) { IsBackground = true, Name = "readers" }.Start();
    }

    private void Run()
    {
        Poller poller = new();
        while (true)
        {
            int[] askers = [.. _askers];
            poller.Clear();
            poller.Add(listener, read: true);
            Array.ForEach(askers, socket => poller.Add(socket, read: true));
            bool any = poller.Wait(null);
            for (int i = 0; any && i < askers.Length; i++)
            {
                if (poller.IsReady(1 + i) && !TryTake(askers[i]))
                {
                    _askers.Remove(askers[i]);
                    Fd.Close(askers[i]);
                }
            }

            if (any && poller.IsReady(0) && Fd.TryAccept(listener) is >= 0 and var socket)
            {
                Add(socket);
            }
        }
    }

    private void Add(int socket)
    {
        if (Credentials.OfPeer(socket).Uid is var uid && !mayAsk(uid, null))
        {
            Fd.Close(socket);
            _log.Refused($"a reader of uid {uid}");
            return;
        }

        // If a uid has too many connections, its own oldest one is closed.
        List<int> same = _askers.FindAll(one => Credentials.OfPeer(one).Uid == uid);
        if (same.Count >= AskersMax)
        {
            _askers.Remove(same[0]);
            Fd.Close(same[0]);
        }

        _askers.Add(socket);
    }

    /// <returns>False at the end of a connection.</returns>
    private bool TryTake(int socket)
    {
        int passed = -1;
        try
        {
            int got = FdPassing.Receive(socket, _packet, out passed);
            if (got > 0 && Judge(_packet.AsSpan(0, got), passed, socket) is { Length: > 0 } refusal)
            {
                _log.Refused(refusal);
            }

            return got != 0;
        }
        catch (PosixException)
        {
            return false;
        }
        finally
        {
            Fd.Close(passed);
        }
    }

    // Why the packet is refused; empty if it was passed on.
    private string Judge(ReadOnlySpan<byte> packet, int passed, int asker) =>
        !Fd.IsUnixStream(passed)
            || ReaderRequest.Split(packet, out ReadOnlySpan<byte> ticket) is not { } session
                ? "a reader's packet of another form"
            : !mayAsk(Credentials.OfPeer(asker).Uid, packet[0])
                ? "what is another user's to ask for"
            : (packet[0] == ReaderRequest.ForSettings ? _forSettings : _forMail)
                .Redeem(ticket, ReaderTicket.Now, out string refusal) is not { } taken ? refusal
            : TrySend(ReaderGrant.Make(taken.User, SessionOf(taken, session)), passed) ? ""
            : "a reader, since qmail-popspawn accepts no more";

    // For settings, the key by which the user's process checks that the login still holds takes the
    // place of the Maildir. The dashboard never sees that key.
    private byte[] SessionOf(ReaderTicket ticket, byte[] session) => ticket.Mark.Length == 0
        ? session
        : [ReaderRequest.ForSettings, .. Encoding.ASCII.GetBytes(Convert.ToHexString(
            SettingsRight.KeyOf(key, ticket.User.Name, ticket.Mark))), 0];

    // A packet is never sent in parts.
    private bool TrySend(byte[] grant, int passed)
    {
        try
        {
            return FdPassing.TrySend(root, grant, passed) >= 0;
        }
        catch (PosixException)
        {
            return false;
        }
    }
}
