using System.Buffers;
using System.Buffers.Text;
using System.Net.Sockets;
using Kopis.Base;
using Kopis.Posix;

namespace Kopis.Tools.Journal;

/// <summary>Receives records from the processes of the host, checks and stamps them, and stores
/// them. Not thread-safe. Each sender has a connection, and so a kernel buffer of its own. Turns
/// are short, and the records of each user have a rate limit, so that a user who floods the journal
/// loses only its own records.</summary>
internal sealed class JournalServer : IDisposable
{
    private const int ConnectionsMax = 256; // For each user; there are few users.
    private const int PacketsAtOnce = 256; // From one connection, before others are read.
    private const int AcceptsAtOnce = 32; // Before records are read again.
    private const long RateBytes = 4 * 1024 * 1024; // Per second.
    private const long BurstBytes = 64 * 1024 * 1024;
    private const int StampBytesMax = 128;
    private static readonly TimeSpan FlushTime = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan GatherTime = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan IdleTime = TimeSpan.FromMinutes(10);

    private readonly Socket _listener;
    private readonly CountersServer _readers;
    private readonly JournalCounters _counters;
    private readonly JournalStore _store;
    private readonly TimeProvider _time;
    private readonly LogThrottle _log;
    private readonly Dictionary<uint, Sender> _users;
    private readonly List<Peer> _peers = [];
    private readonly Poller _poller = new();
    private readonly byte[] _packet = new byte[JournalSocket.PacketBytesMax + 1];
    private readonly (int Read, int Write) _wake = Fd.Pipe();
    private volatile bool _stop;
    private long _since;

    internal JournalServer(
        Socket listener, Socket readers, JournalStore store,
        IReadOnlyDictionary<uint, string> users, TimeProvider time, Action<string> log)
    {
        (_listener, _store, _time) = (listener, store, time);
        _counters = new JournalCounters(time);
        _readers = new CountersServer(readers, _counters);
        _log = new LogThrottle(log, time);
        _users = users.ToDictionary(user => user.Key, user => new Sender(user.Value, BurstBytes)
        {
            At = time.GetTimestamp(),
        });
    }

    /// <summary>Ends <see cref="Run"/>. May be called from any thread.</summary>
    internal void Stop()
    {
        _stop = true;
        Fd.WriteAll(_wake.Write, "\0"u8);
    }

    /// <summary>Serves until <see cref="Stop"/> is called.</summary>
    internal void Run()
    {
        while (!_stop)
        {
            _poller.Clear();
            _poller.Add(_wake.Read, read: true);
            int listener = _poller.Add((int)_listener.Handle, read: true);
            _readers.AddTo(_poller);
            _peers.ForEach(peer => peer.Place = _poller.Add(peer.Fd, read: true));
            bool ready = _poller.Wait(_store.HasUnwritten ? Left() : IdleTime);
            if (ready)
            {
                _peers.FindAll(peer => _poller.IsReady(peer.Place)).ForEach(Read);
                if (_poller.IsReady(listener))
                {
                    Accept();
                }

                _readers.Serve(_poller);
            }
            else if (!_store.HasUnwritten)
            {
                _store.Prune(); // Records get too old even without mail.
            }

            if (_store.IsLarge || (_store.HasUnwritten && Left() <= TimeSpan.Zero))
            {
                Flush();
            }

            if (ready)
            {
                Thread.Sleep(GatherTime); // So that one turn handles many records.
            }
        }

        _peers.ToList().ForEach(Read);
        Flush();
    }

    public void Dispose()
    {
        _peers.ForEach(peer => Fd.Close(peer.Fd));
        _listener.Dispose();
        _readers.Dispose();
        Fd.Close(_wake.Read);
        Fd.Close(_wake.Write);
    }

    private TimeSpan Left() => FlushTime - _time.GetElapsedTime(_since);

    private void Flush()
    {
        long before = _store.Lost;
        _store.Flush();
        long now = _store.Lost - before;
        if (now > 0)
        {
            _log.Write("warning: no room", $"warning: no room in the journal: {now} records lost");
            _counters.CountLost("room"u8, now);
        }
        else if (before > 0)
        {
            Note(_store.TakeLost(), "no room");
        }
    }

    private void Accept()
    {
        for (int i = 0; i < AcceptsAtOnce; i++)
        {
            int fd = Fd.TryAccept((int)_listener.Handle);
            if (fd < 0)
            {
                return;
            }

            Credentials who = Credentials.OfPeer(fd);
            if (!_users.TryGetValue(who.Uid, out Sender? user)
                || user.Connections >= ConnectionsMax)
            {
                _log.Write("refused connections", $"refused uid {who.Uid} pid {who.Pid}");
                Fd.Close(fd);
                continue;
            }

            Fd.SetNonBlocking(fd, true);
            _peers.Add(new Peer(fd, who.Pid, user));
            user.Connections++;
        }
    }

    private void Read(Peer peer)
    {
        try
        {
            for (int i = 0; i < PacketsAtOnce; i++)
            {
                int got = Fd.Read(peer.Fd, _packet);
                if (got < 0)
                {
                    return;
                }

                if (got == 0 || !Store(peer, _packet.AsSpan(0, got)))
                {
                    Close(peer);
                    return;
                }

                if (_store.IsLarge)
                {
                    Flush();
                }
            }
        }
        catch (PosixException)
        {
            Close(peer);
        }
    }

    private void Close(Peer peer)
    {
        Fd.Close(peer.Fd);
        _peers.Remove(peer);
        peer.User.Connections--;
    }

    // False if it is not a packet of valid records; its sender is then disconnected.
    private bool Store(Peer peer, ReadOnlySpan<byte> packet)
    {
        DateTime now = _time.GetUtcNow().UtcDateTime;
        bool mayStore = MayStore(peer.User, packet.Length);
        while (!packet.IsEmpty)
        {
            int end = packet.IndexOf((byte)'\n');
            if (end < 0 || !RecordCheck.IsRecord(packet[..end]))
            {
                _log.Write(
                    "warning: bad records",
                    $"warning: {peer.User.Name} pid {peer.Pid} sends no records");
                return false;
            }

            if (mayStore)
            {
                if (_counters.Count(packet[..end]))
                {
                    Put(now, peer.User.Name, peer.Pid, packet[..(end + 1)]);
                }
            }
            else
            {
                peer.User.Dropped++;
                _counters.CountLost("rate"u8, 1);
            }

            packet = packet[(end + 1)..];
        }

        return true;
    }

    private bool MayStore(Sender user, int bytes)
    {
        long now = _time.GetTimestamp();
        double more = _time.GetElapsedTime(user.At, now).TotalSeconds * RateBytes;
        user.Left = Math.Min(BurstBytes, user.Left + (long)more) - bytes;
        user.At = now;
        if (user.Left < 0)
        {
            user.Left += bytes;
            return false;
        }

        if (user.Dropped > 0)
        {
            _log.Write(
                "warning: floods",
                $"warning: {user.Name} floods: {user.Dropped} records dropped");
            (long dropped, user.Dropped) = (user.Dropped, 0);
            Note(dropped, $"rate of {user.Name}");
        }

        return true;
    }

    private void Note(long lost, string why)
    {
        JournalRecord record = new(stackalloc byte[JournalRecord.BytesMax], "lost"u8);
        record.Number("n"u8, lost);
        record.Text("why"u8, why);
        Put(_time.GetUtcNow().UtcDateTime, "qmail-journal", Processes.Id, record.End());
    }

    private void Put(DateTime now, string user, int pid, ReadOnlySpan<byte> record)
    {
        if (!_store.HasUnwritten)
        {
            _since = _time.GetTimestamp();
        }

        IBufferWriter<byte> to = _store.Begin();
        Span<byte> room = to.GetSpan(StampBytesMax + record.Length);
        int length = 0;
        Add(room, ref length, "{\"t\":\""u8);
        _ = Utf8Formatter.TryFormat(now, room[length..], out int count, 'O');
        length += count;
        Add(room, ref length, "\",\"by\":\""u8);
        length += System.Text.Encoding.ASCII.GetBytes(user, room[length..]);
        Add(room, ref length, "\",\"pid\":"u8);
        _ = Utf8Formatter.TryFormat(pid, room[length..], out count);
        length += count;
        Add(room, ref length, ","u8);
        Add(room, ref length, record[1..]);
        to.Advance(length);
    }

    private static void Add(Span<byte> room, ref int length, ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(room[length..]);
        length += bytes.Length;
    }

    /// <summary>A user who may send records, and how many bytes this user may still send now.
    /// </summary>
    private sealed class Sender(string name, long left)
    {
        internal string Name => name;

        internal long Left { get; set; } = left;

        internal long At { get; set; }

        internal long Dropped { get; set; }

        internal int Connections { get; set; }
    }

    private sealed class Peer(int fd, int pid, Sender user)
    {
        internal int Fd => fd;

        internal int Pid => pid;

        internal Sender User => user;

        internal int Place { get; set; }
    }
}
