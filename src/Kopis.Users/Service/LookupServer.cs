using System.Collections.Concurrent;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Users;

/// <summary>
/// <c>qmail-lookup --serve</c>: the one process that reads users' files for programs that may not.
/// It answers yes, no, full, or later, and nothing more.
/// </summary>
internal sealed class LookupServer : IDisposable
{
    /// <summary>Connections at a time; a listener uses at most half of them.</summary>
    internal const int ConnectionsMax = 256;

    private static readonly TimeSpan AcceptPause = TimeSpan.FromMilliseconds(100);

    private readonly RecipientJudge _judge;
    private readonly SenderJudge _senders;
    private readonly LoginDesk _desk;
    private readonly Func<uint, bool> _mayAsk;
    private readonly Action<string> _log;
    private readonly Socket _listener;
    private readonly SemaphoreSlim _room = new(ConnectionsMax);
    private readonly ConcurrentDictionary<uint, bool> _refused = new();

    /// <summary>A server, not running yet.</summary>
    /// <param name="listener">Where clients come; closed with this.</param>
    /// <param name="judge">Answers about recipients.</param>
    /// <param name="senders">Answers about senders.</param>
    /// <param name="desk">Answers about logins.</param>
    /// <param name="mayAsk">Whose questions are answered, by uid.</param>
    /// <param name="log">Takes one line for people.</param>
    internal LookupServer(
        Socket listener, RecipientJudge judge, SenderJudge senders, LoginDesk desk,
        Func<uint, bool> mayAsk, Action<string> log)
    {
        (_listener, _judge, _senders, _desk) = (listener, judge, senders, desk);
        (_mayAsk, _log) = (mayAsk, log);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _listener.Dispose();
        _room.Dispose();
    }

    /// <summary>Serves until told to stop.</summary>
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
            // Whoever asked gets no answer, which means later.
        }
    }

    private async Task AcceptAsync(CancellationToken stop)
    {
        try
        {
            Socket socket = await _listener.AcceptAsync(stop);
            _ = Task.Run(() => ServeAsync(socket, stop), CancellationToken.None);
        }
        catch (SocketException e)
        {
            _room.Release();
            _log($"unable to accept: {e.Message}");
            await Task.Delay(AcceptPause, stop); // No descriptors, say.
        }
    }

    private async Task ServeAsync(Socket socket, CancellationToken stop)
    {
        try
        {
            using (socket)
            {
                uint uid = Credentials.OfPeer((int)socket.Handle).Uid;
                if (!_mayAsk(uid))
                {
                    LogRefused(uid);
                    return;
                }

                while (await LookupFrame.ReceiveAsync(socket, stop) is { } question
                    && await AnswerAsync(question, stop) is { } answer)
                {
                    await LookupFrame.SendAsync(socket, answer, stop);
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
            _room.Release();
        }
    }

    /// <summary>The answer as a frame; null for what is no question.</summary>
    private async Task<byte[]?> AnswerAsync(byte[] question, CancellationToken stop)
    {
        if (!LookupFrame.TrySplit(question, out byte kind, out byte[][] fields))
        {
            return null;
        }

        bool forReader = (kind & (byte)LookupKind.ForReader) != 0;
        try
        {
            return ((LookupKind)kind & ~LookupKind.ForReader, fields.Length) switch
            {
                (LookupKind.Recipient, 2) =>
                    LookupFrame.Make((byte)(await _judge.JudgeAsync(fields[0], fields[1])).Verdict),
                (LookupKind.Sender, 2) =>
                    LookupFrame.Make((byte)_senders.Judge(fields[0], fields[1])),
                (LookupKind.Password, 3) => await _desk.PasswordAsync(fields, forReader, stop),
                (LookupKind.Salt, 1) => _desk.Salt(fields),
                (LookupKind.Proof, 4) => await _desk.ProofAsync(fields, forReader, stop),
                (LookupKind.Digest, 4) => await _desk.DigestAsync(fields, forReader, stop),
                (LookupKind.Token, 3) => await _desk.TokenAsync(fields, forReader, stop),
                (LookupKind.Leave, 2) => _desk.Leave(fields),
                (LookupKind.Outcome, 3) => _desk.Outcome(fields),
                _ => null,
            };
        }
        catch (Exception e) when (e is ConfigurationException or IOException)
        {
            _log($"unable to answer: {e.Message}");
            return LookupFrame.Make((byte)LookupVerdict.Later);
        }
    }

    // Once a uid: a local user must not fill the log.
    private void LogRefused(uint uid)
    {
        if (_refused.Count < ConnectionsMax && _refused.TryAdd(uid, true))
        {
            _log($"uid {uid} may not ask");
        }
    }
}
