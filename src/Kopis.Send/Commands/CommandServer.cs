using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Queue.Commands;

namespace Kopis.Send.Commands;

/// <summary>Serves the command socket in qmail-send's loop. Nothing here blocks. Connections,
/// commands, bytes and time of each caller are limited.</summary>
internal sealed class CommandServer : IDisposable
{
    /// <summary>How many callers may be connected, and how many commands they may have. More are
    /// refused.</summary>
    internal const int PeersMax = 16;

    /// <summary>How many of them the dashboard's user may have: two for pages, one for plots, one
    /// for its kopis metrics, one for root's kopis status.</summary>
    internal const int GuestsMax = 5;

    private const string TooMany = "too many commands at once";
    private const int AcceptsMax = 32; // Before reports are read again.
    private static readonly TimeSpan Tick = TimeSpan.FromSeconds(1);

    private readonly Socket _listener;
    private readonly CommandCallers _callers;
    private readonly TimeProvider _clock;
    private readonly List<CommandPeer> _peers = [];
    private int _place;

    /// <summary>Opens the socket.</summary>
    /// <exception cref="ConfigurationException">The socket cannot be opened.</exception>
    internal CommandServer(string home, TimeProvider clock)
    {
        _clock = clock;
        _callers = new CommandCallers();
        _listener = UnixListener.Listen(
            QueueFrame.SocketPath(home), SocketType.Stream, PeersMax);
        _listener.Blocking = false;
    }

    /// <summary>How long the loop may wait.</summary>
    internal TimeSpan LongestWait => _peers.Count > 0 ? Tick : TimeSpan.MaxValue;

    /// <summary>Adds the descriptors that it waits for.</summary>
    internal void AddTo(Poller poller)
    {
        _place = poller.Add((int)_listener.Handle, read: true);
        foreach (CommandPeer peer in _peers)
        {
            peer.AddTo(poller);
        }
    }

    /// <summary>Accepts connections and reads requests that are ready.</summary>
    internal void Serve(Poller poller, CommandQueue commands)
    {
        foreach (CommandPeer peer in _peers)
        {
            if (!peer.IsReady(poller) || peer.Read() is not { } request)
            {
                continue;
            }

            bool isGuest = _callers.IsGuest(peer.Uid);
            if (!_callers.May(peer.Uid, request.Verb))
            {
                peer.Refuse($"uid {peer.Uid} may not give this command");
            }
            else if (commands.Count(isGuest) >= (isGuest ? GuestsMax : PeersMax))
            {
                peer.Refuse(TooMany);
            }
            else if (commands.Refusal(request) is { } refusal)
            {
                peer.Refuse(refusal);
            }
            else
            {
                string who = _callers.Describe(peer.Uid, request.AskedBy);
                commands.Add(request, who, peer.Output, isGuest);
            }
        }

        for (int i = 0; i < AcceptsMax && poller.IsReady(_place); i++)
        {
            int fd = Fd.TryAccept((int)_listener.Handle);
            if (fd < 0)
            {
                break;
            }

            Accept(fd);
        }
    }

    /// <summary>Sends pending answers, and closes finished connections.</summary>
    internal void Flush()
    {
        for (int i = _peers.Count - 1; i >= 0; i--)
        {
            if (!_peers[i].TryFlush())
            {
                _peers[i].Dispose();
                _peers.RemoveAt(i);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _peers.ForEach(peer => peer.Dispose());
        _peers.Clear();
        _listener.Dispose();
    }

    private void Accept(int fd)
    {
        uint uid;
        try
        {
            uid = Credentials.OfPeer(fd).Uid;
        }
        catch (PosixException)
        {
            Fd.Close(fd);
            return;
        }

        CommandPeer peer = new(fd, uid, _clock);
        if (!_callers.Contains(uid))
        {
            peer.Refuse($"uid {uid} may not give commands");
        }
        else if (_peers.Count >= PeersMax || (_callers.IsGuest(uid)
            && _peers.Count(one => _callers.IsGuest(one.Uid)) >= GuestsMax))
        {
            peer.Refuse(TooMany);
        }
        else
        {
            _peers.Add(peer);
            return;
        }

        peer.TryFlush();
        peer.Dispose();
    }
}
