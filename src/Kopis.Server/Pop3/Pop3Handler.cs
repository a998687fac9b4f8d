using System.Buffers;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Kopis.Base;
using Kopis.Mail.Pop3;
using Kopis.Net;
using Kopis.Net.Tls;
using Kopis.Posix;
using Kopis.Users.Logins;
using Kopis.Users.Tickets;

namespace Kopis.Server.Pop3;

/// <summary>The sessions of <c>qmail-popup HOST checkpassword qmail-pop3d MAILDIR</c> in a
/// listener. A mailbox of our own user is served here. One of another user is served by that user's
/// qmail-pop3d, which root starts.</summary>
internal sealed class Pop3Handler : ISessionHandler
{
    /// <summary>The exit code of qmail-popup, whatever the result (contract §13, 26).</summary>
    internal const int ExitAlways = 1;

    private readonly Pop3Chain _chain;
    private readonly Pop3Logins _logins;
    private readonly TlsServer _tls;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly LogThrottle _troubles;
    private readonly TicketClient _post;
    private readonly Pop3Journal _journal;
    private readonly PlaceCounts<string> _places = new(); // By mailbox.

    /// <summary>Makes the handler.</summary>
    /// <param name="chain">The programs of the chain.</param>
    /// <param name="logins">Checks logins.</param>
    /// <param name="post">Reaches the process that starts other users' qmail-pop3ds.</param>
    /// <param name="tls">Our certificates.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Writes a line to the listener's log.</param>
    /// <param name="journal">Writes records of sessions to the journal.</param>
    internal Pop3Handler(
        Pop3Chain chain, Pop3Logins logins, TicketClient post, TlsServer tls, TimeProvider time,
        Action<string> log, Pop3Journal journal)
    {
        _chain = chain;
        _logins = logins;
        _tls = tls;
        _time = time;
        _log = log;
        _troubles = new LogThrottle(log, time);
        _post = post;
        _journal = journal;
    }

    public async Task<int> RunAsync(Connection connection, CancellationToken stop)
    {
        try
        {
            LoginConversation login = new(
                connection, StampFor(connection), _logins, _tls, _time, _log,
                _journal);
            await RunAsync(connection, login, stop);
        }
        catch (ConfigurationException e)
        {
            // A control file is being changed, or is invalid.
            Trouble("unable to serve clients", $"unable to serve a client: {e.Message}");
            connection.Output.Write(Pop3Reply.AuthorizationLater);
            connection.SetDeadline(MailConversation.IdleTimeout);
            await connection.FlushAsync();
        }
        catch (OperationCanceledException)
        {
            // The listener is ending; the client will try again.
        }

        return ExitAlways;
    }

    public ReadOnlyMemory<byte> TooManyConnections(ByteEnvironment environment) =>
        environment["POP3S"] is null ? Pop3Reply.TooManyConnections.ToArray() : default;

    private async Task RunAsync(
        Connection connection, LoginConversation login, CancellationToken stop)
    {
        if (await login.RunAsync(stop) is not { } client)
        {
            return;
        }

        if (!_places.TryEnter(client.Name, _logins.SessionsMax))
        {
            await login.RefuseAsync(Pop3Reply.InUse.ToArray(), Pop3Code.InUse.ToArray());
            return;
        }

        long since = _time.GetTimestamp();
        using WatchedLogin held = new(_logins.Watch, _log, stop);
        held.Begin(
            Encoding.UTF8.GetBytes(client.Name),
            $"{connection.Number} {connection.Remote?.Address ?? IPAddress.None}");
        try
        {
            if (client.Account is null)
            {
                await RunReaderAsync(connection, login, client, held.End);
            }
            else
            {
                await RunHereAsync(connection, login, client.Account, held.End);
            }
        }
        catch (OperationCanceledException) when (held.IsOver)
        {
            // The session had not begun.
        }
        finally
        {
            _places.Leave(client.Name);
            _journal.Close(connection, Encoding.UTF8.GetBytes(client.Name), since);
        }
    }

    private async Task RunHereAsync(
        Connection connection, LoginConversation login, Account account, CancellationToken stop)
    {
        if (account.Uid == Processes.EffectiveUid)
        {
            byte[] home = Fd.PathBytes(account.Home);
            await MailConversation.RunAsync(
                connection, MailConversation.PathOf(home, _chain.Maildir), login.KnowsCodes,
                _time, stop);
            return;
        }

        Trouble(
            "unable to become owners",
            $"unable to become the owner of the mailbox of {account.Name}");
        await login.RefuseAsync(
            Pop3Reply.AuthorizationFailed.ToArray(), Pop3Code.Permanent.ToArray());
    }

    // The user's qmail-pop3d talks to us, and we talk to the client. The connection stays ours, so
    // the limits of a session hold whatever the user's process does.
    private async Task RunReaderAsync(
        Connection connection, LoginConversation login, Pop3Client client,
        CancellationToken stop)
    {
        (int ours, int theirs) = Fd.SocketPair();
        using Socket reader = new(new SafeSocketHandle(ours, ownsHandle: true));
        bool isSent = false;
        try
        {
            isSent = ReaderRequest.Make(login.KnowsCodes, _chain.Maildir, client.Ticket)
                is { } packet && await _post.TrySendAsync(packet, theirs, stop);
        }
        finally
        {
            Fd.Close(theirs);
        }

        if (isSent && await ReaderRelay.IsTakenAsync(reader, stop))
        {
            await new ReaderRelay(connection, reader).RunAsync(stop);
            return;
        }

        Trouble("no qmail-pop3d", $"no qmail-pop3d for {client.Name}");
        await login.RefuseAsync(
            Pop3Reply.AuthorizationLater.ToArray(), Pop3Code.Temporary.ToArray());
    }

    private void Trouble(string cause, string line) =>
        _troubles.Write($"warning: {cause}", $"warning: {line}");

    // In a listener the connection's number takes the place of the process id, as in its log.
    private byte[] StampFor(Connection connection) =>
        Stamp.Make(connection.Number, _time.GetUtcNow(), _chain.Host);
}
