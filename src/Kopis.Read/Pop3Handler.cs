using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Mail;
using Kopis.Net;
using Kopis.Posix;
using Kopis.Users;

namespace Kopis.Read;

/// <summary>
/// The sessions of <c>qmail-popup HOST checkpassword qmail-pop3d MAILDIR</c> in a listener. A
/// mailbox that is our own is served here; for another's, a qmail-pop3d is started that is he.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as its process.")]
internal sealed class Pop3Handler : ISessionHandler
{
    /// <summary>qmail-popup's exit code, whatever came of it (contract §13, 26).</summary>
    internal const int ExitAlways = 1;

    private readonly Pop3Chain _chain;
    private readonly Pop3Logins _logins;
    private readonly TlsServer _tls;
    private readonly TimeProvider _time;
    private readonly Action<string> _log;
    private readonly ChildReaper? _reaper;

    /// <summary>Makes the handler.</summary>
    /// <param name="chain">The programs it stands for.</param>
    /// <param name="logins">Who may come in.</param>
    /// <param name="tls">Our certificates.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Takes a line for the listener's log.</param>
    internal Pop3Handler(
        Pop3Chain chain, Pop3Logins logins, TlsServer tls, TimeProvider time,
        Action<string> log)
    {
        _chain = chain;
        _logins = logins;
        _tls = tls;
        _time = time;
        _log = log;
        _reaper = Processes.EffectiveUid == 0 ? new ChildReaper() : null;
    }

    public async Task<int> RunAsync(Connection connection, CancellationToken stop)
    {
        try
        {
            LoginConversation login = new(
                connection, StampFor(connection), _logins, _tls, _time, _log);
            await RunAsync(connection, login, stop);
        }
        catch (ConfigurationException e)
        {
            _log($"unable to serve a client: {e.Message}"); // A control file that is being changed.
            connection.Output.Write(Pop3Reply.AuthorizationLater);
            connection.SetDeadline(MailConversation.IdleTimeout);
            await connection.FlushAsync();
        }
        catch (OperationCanceledException)
        {
            // The listener is ending; the client will come back.
        }

        return ExitAlways;
    }

    public ReadOnlyMemory<byte> TooManyConnections(ByteEnvironment environment) =>
        environment["POP3S"] is null ? Pop3Reply.TooManyConnections.ToArray() : default;

    private async Task RunAsync(
        Connection connection, LoginConversation login, CancellationToken stop)
    {
        if (await login.RunAsync(stop) is not { } account)
        {
            return;
        }

        if (account.Uid == Processes.EffectiveUid)
        {
            byte[] home = Fd.PathBytes(account.Home);
            byte[] maildir = [.. home[..^1], (byte)'/', .. _chain.Maildir, 0];
            await MailConversation.RunAsync(connection, maildir, login.KnowsCodes, _time, stop);
        }
        else if (_reaper is null || account.Uid == 0)
        {
            _log($"unable to become the owner of the mailbox of {account.Name}");
            await login.RefuseAsync(
                Pop3Reply.AuthorizationFailed.ToArray(), Pop3Code.Permanent.ToArray());
        }
        else
        {
            await RunReaderAsync(connection, login, account, _reaper, stop);
        }
    }

    private async Task RunReaderAsync(
        Connection connection, LoginConversation login, Account account, ChildReaper reaper,
        CancellationToken stop)
    {
        int pid;
        (int ours, int child) = Fd.SocketPair();
        using Socket commands = new(new SafeSocketHandle(ours, ownsHandle: true));
        try
        {
            pid = StartReader(connection, account, child, login.KnowsCodes);
        }
        catch (PosixException e)
        {
            _log($"unable to start qmail-pop3d for {account.Name}: {e.Message}");
            await login.RefuseAsync(
                Pop3Reply.AuthorizationLater.ToArray(), Pop3Code.Temporary.ToArray());
            return;
        }
        finally
        {
            Fd.Close(child);
        }

        // At the listener's end the reader finds that of its input, and ends too.
        using CancellationTokenRegistration wake =
            stop.UnsafeRegister(_ => connection.Input.CancelPendingRead(), null);
        Task copying = CopyCommandsAsync(connection, commands);
        if (connection.Tls is not null)
        {
            await CopyRepliesAsync(connection, commands);
        }

        await reaper.WaitAsync(pid);
        connection.Input.CancelPendingRead();
        await copying;
    }

    private int StartReader(
        Connection connection, Account account, int commands, bool knowsCodes)
    {
        ByteEnvironment environment = UserEnvironment.For(connection.Environment, account);
        environment[MailConversation.CodesVariable] = knowsCodes ? [] : null;
        return new ProcessStart
        {
            Path = ProgramPath.Find(connection.Environment, _chain.Reader)
                ?? throw new PosixException("find qmail-pop3d", Errno.NoEntry),
            Arguments = [_chain.Reader, _chain.Maildir],
            Environment = environment,
            Directory = account.Home,
            Descriptors = new Dictionary<int, int>
            {
                [0] = commands,
                [1] = connection.Descriptor ?? commands, // What we encrypt goes through us.
                [2] = 2,
            },
            Identity = new ProcessIdentity(account.Uid, account.Gid, account.Gid),
        }.Start();
    }

    // What a client sent right after PASS lies in our memory; so its commands go through us, while
    // the mail goes straight to the client.
    private static async Task CopyCommandsAsync(Connection connection, Socket commands)
    {
        try
        {
            connection.SetDeadline(MailConversation.IdleTimeout);
            while (await connection.TryReadAsync() is { IsCanceled: false } read)
            {
                foreach (ReadOnlyMemory<byte> piece in read.Buffer)
                {
                    await commands.SendAsync(piece);
                }

                connection.Input.AdvanceTo(read.Buffer.End);
                connection.SetDeadline(MailConversation.IdleTimeout);
                if (read.IsCompleted)
                {
                    break;
                }
            }

            commands.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // qmail-pop3d has ended.
        }
    }

    // To the end of the reader, or of the client: then the reader is told by its own end of input.
    private static async Task CopyRepliesAsync(Connection connection, Socket replies)
    {
        try
        {
            int got;
            while ((got = await replies.ReceiveAsync(connection.Output.GetMemory())) > 0)
            {
                connection.Output.Advance(got);
                connection.SetDeadline(MailConversation.IdleTimeout);
                if (!await connection.FlushAsync())
                {
                    break;
                }
            }

            replies.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // qmail-pop3d has ended.
        }
    }

    // In a listener the connection's number stands for the process id, as it does in its log.
    private byte[] StampFor(Connection connection) =>
        Stamp.Make(connection.Number, _time.GetUtcNow(), _chain.Host);
}
