using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Recipients;

namespace Kopis.Users.Lookup;

/// <summary><c>qmail-lookup --serve</c>: the one process that reads users' files for programs that
/// may not. Its answers are yes, no, full or later, and nothing more.</summary>
internal sealed class LookupServer : IDisposable
{
    /// <summary>Connections at a time: eight listeners' worth.</summary>
    internal const int ConnectionsMax = 1024;

    /// <summary>Connections of one process. A listener uses fewer; see <see cref="LookupClient"/>.
    /// </summary>
    internal const int ConnectionsOfProcessMax = 128;

    /// <summary>How many logins of a guest may wait for their hash, so that its other questions
    /// find room.</summary>
    internal const int GuestWaitersMax = 32;

    /// <summary>How long a guest may stay connected without a question; its client connects again.
    /// </summary>
    internal static readonly TimeSpan GuestIdleMax = TimeSpan.FromMinutes(1);

    // For the rest of a frame, and to read an answer. Slower clients are disconnected.
    private static readonly TimeSpan FrameTime = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly RecipientJudge _judge;
    private readonly SenderJudge _senders;
    private readonly LoginHandler _desk;
    private readonly Func<uint, bool> _mayAsk;
    private readonly Action<string> _log;
    private readonly LogThrottle _troubles;
    private readonly Socket _listener;
    private readonly SemaphoreSlim _room = new(ConnectionsMax);
    private readonly ConcurrentDictionary<uint, bool> _refused = new();
    private readonly ConcurrentDictionary<int, int> _processes = new();
    private readonly UnknownNames? _unknown;

    /// <summary>Makes a server that does not run yet.</summary>
    /// <param name="listener">The socket that clients connect to; closed with the server.</param>
    /// <param name="judge">Answers about recipients.</param>
    /// <param name="senders">Answers about senders.</param>
    /// <param name="desk">Answers about logins.</param>
    /// <param name="mayAsk">Which uids may ask.</param>
    /// <param name="log">Writes one line to the log.</param>
    /// <param name="unknown">Delays clients that ask for unknown names; null: no delays.</param>
    internal LookupServer(
        Socket listener, RecipientJudge judge, SenderJudge senders, LoginHandler desk,
        Func<uint, bool> mayAsk, Action<string> log, UnknownNames? unknown = null)
    {
        _unknown = unknown;
        (_listener, _judge, _senders, _desk) = (listener, judge, senders, desk);
        (_mayAsk, _log) = (mayAsk, log);
        _troubles = new LogThrottle(log, TimeProvider.System);
    }

    /// <summary>Whether a uid that may connect may ask this question, with these fields.</summary>
    internal Func<uint, LookupKind, byte[][], bool> MayAskThis { get; init; } =
        (_, _, _) => true;

    /// <summary>A uid whose processes together have the connections of one process, with its own
    /// handler for questions about logins; null: there is none.</summary>
    internal (uint Uid, LoginHandler Desk, TimeSpan IdleMax)? Guest { get; init; }

    /// <summary>Detects that questions are no longer answered; null: nothing does.</summary>
    internal SocketWatch? Watch { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        _room.Dispose();
    }

    /// <summary>Serves until stopped.</summary>
    internal async Task RunAsync(CancellationToken stop)
    {
        try
        {
            while (true)
            {
                await _room.WaitAsync(stop);
                await AcceptAsync(stop);
            }
        }
        catch (OperationCanceledException)
        {
            // A client that gets no answer takes that as "later".
        }
    }

    private async Task AcceptAsync(CancellationToken stop)
    {
        try
        {
            Socket socket = await _listener.AcceptAsync(stop);
            ErrorLog.Watch(Task.Run(() => ServeAsync(socket, stop), CancellationToken.None));
        }
        catch (SocketException e)
        {
            _room.Release();
            _troubles.Write(
                "warning: unable to accept", $"warning: unable to accept: {ErrorText.Of(e)}");
            await Task.Delay(AcceptPause, stop); // There may be no descriptors left, for example.
        }
    }

    private async Task ServeAsync(Socket socket, CancellationToken stop)
    {
        try
        {
            using (socket)
            {
                Credentials asker = Credentials.OfPeer((int)socket.Handle);
                if (!_mayAsk(asker.Uid))
                {
                    LogRefused(asker.Uid);
                    return;
                }

                int who = asker.Uid == Guest?.Uid ? 0 : asker.Pid;
                if (_processes.AddOrUpdate(who, 1, (_, count) => count + 1)
                    <= ConnectionsOfProcessMax)
                {
                    await TalkAsync(socket, asker.Uid, stop);
                }

                // Removes a count of zero, unless it has just been raised.
                if (_processes.AddOrUpdate(who, 0, (_, count) => count - 1) == 0)
                {
                    _processes.TryRemove(KeyValuePair.Create(who, 0));
                }
            }
        }
        catch (Exception e) when (
            e is SocketException or PosixException or OperationCanceledException)
        {
            // The client has left, or we are ending.
        }
        finally
        {
            LeaveRoom();
        }
    }

    private void LeaveRoom()
    {
        try
        {
            _room.Release();
        }
        catch (ObjectDisposedException)
        {
            // The last question ended after the service: no slot is needed any more.
        }
    }

    private async Task TalkAsync(Socket socket, uint uid, CancellationToken stop)
    {
        (LoginHandler desk, TimeSpan idle) = Guest is { } guest && guest.Uid == uid
            ? (guest.Desk, guest.IdleMax) : (_desk, Timeout.InfiniteTimeSpan);
        try
        {
            while (await LookupFrame.ReceiveAsync(socket, idle, FrameTime, stop) is { } question
                && await (HasTurn(question)
                    ? AskerWatch.AnswerAsync(
                        socket, gone => AnswerAsync(question, uid, desk, gone), stop)
                    : AnswerAsync(question, uid, desk, stop)) is { } answer)
            {
                using CancellationTokenSource limit =
                    CancellationTokenSource.CreateLinkedTokenSource(stop);
                limit.CancelAfter(FrameTime);
                await LookupFrame.SendAsync(socket, answer, limit.Token);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // The client has left or does not read, or we are ending.
        }
    }

    // Whether the answer may wait in the queue for a hash; it leaves the queue if its client is
    // gone.
    private static bool HasTurn(byte[] question) =>
        ((LookupKind)question[0] & ~LookupKind.ForReader)
            is LookupKind.Password or LookupKind.Enter;

    private async Task<byte[]?> RecipientAsync(byte[][] fields)
    {
        (LookupVerdict verdict, _) = await _judge.JudgeAsync(fields[0], fields[1]);
        return fields is not [_, _, { Length: 4 or 16 } peer]
            ? LookupFrame.Make((byte)verdict)
            : LookupFrame.Make((byte)verdict, LookupFrame.Number(
                verdict == LookupVerdict.No && _unknown is not null
                    ? (int)_unknown.Count(new IPAddress(peer)).TotalMilliseconds : 0));
    }

    /// <summary>The answer as a frame; null if it is not a question.</summary>
    private async Task<byte[]?> AnswerAsync(
        byte[] question, uint uid, LoginHandler desk, CancellationToken stop)
    {
        if (!LookupFrame.TrySplit(question, out byte kind, out byte[][] fields)
            || !MayAskThis(uid, (LookupKind)kind, fields))
        {
            return null;
        }

        Watch?.Touch();
        bool forReader = (kind & (byte)LookupKind.ForReader) != 0;
        try
        {
            return ((LookupKind)kind & ~LookupKind.ForReader, fields.Length) switch
            {
                (LookupKind.Recipient, 2 or 3) => await RecipientAsync(fields),
                (LookupKind.Sender, 2) =>
                    LookupFrame.Make((byte)_senders.Judge(fields[0], fields[1])),
                (LookupKind.Password, 3) => await desk.PasswordAsync(fields, forReader, stop),
                (LookupKind.Enter, 3) => await desk.EnterAsync(fields, stop),
                (LookupKind.Salt, 1) => desk.Salt(fields),
                (LookupKind.Proof, 4) => await desk.ProofAsync(fields, forReader, stop),
                (LookupKind.Digest, 4) => await desk.DigestAsync(fields, forReader, stop),
                (LookupKind.Token, 3) => await desk.TokenAsync(fields, forReader, stop),
                (LookupKind.Unlocked, 1) => desk.Unlocked(fields),
                (LookupKind.Holds, 2) => desk.Holds(fields),
                (LookupKind.Right, 2) => desk.Right(fields),
                (LookupKind.Leave, 2) => desk.Leave(fields),
                (LookupKind.Outcome, 3) => desk.Outcome(fields),
                _ => null,
            };
        }
        catch (Exception e) when (e is ConfigurationException or IOException)
        {
            _troubles.Write("alert: unable to answer", $"alert: unable to answer: {e.Message}");
            return LookupFrame.Make((byte)LookupVerdict.Later);
        }
    }

    // Once for each uid: a local user must not fill the log.
    private void LogRefused(uint uid)
    {
        if (_refused.Count < ConnectionsMax && _refused.TryAdd(uid, true))
        {
            _log($"uid {uid} may not ask");
        }
    }
}
