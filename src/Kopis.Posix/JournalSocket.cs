using System.Net.Sockets;

namespace Kopis.Posix;

/// <summary>Sends records to qmail-journal, one or more lines in a packet. It never waits: if the
/// writer is away, or slower than the records, they are counted as lost, and the count itself is
/// sent as a record once one gets through. May be used from many threads.</summary>
/// <param name="home">The home; the socket is <c>journal/socket</c> in it.</param>
/// <param name="time">The clock.</param>
public sealed class JournalSocket(string home, TimeProvider time) : IDisposable
{
    /// <summary>The most bytes of a packet.</summary>
    public const int PacketBytesMax = 32 * 1024;

    private const int SendBytes = 1024 * 1024; // The kernel gives what net.core.wmem_max allows.
    private static readonly TimeSpan RetryPause = TimeSpan.FromMilliseconds(100);

    private readonly Lock _lock = new();
    private Socket? _socket;
    private long _triedAt;
    private bool _wasTried;
    private long _lost;

    /// <summary>The socket's path below a home.</summary>
    public static string PathIn(string home) => Path.Combine(home, "journal", "socket");

    /// <summary>Sends records, which are lines with their line ends.</summary>
    /// <param name="lines">At most <see cref="PacketBytesMax"/> bytes.</param>
    /// <param name="count">The number of records.</param>
    public void Send(ReadOnlySpan<byte> lines, int count = 1)
    {
        lock (_lock)
        {
            if (!TrySendLost() || !TrySend(lines))
            {
                _lost += count;
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Close();

    private bool TrySendLost()
    {
        if (_lost == 0)
        {
            return true;
        }

        Base.JournalRecord record = new(stackalloc byte[Base.JournalRecord.BytesMax], "lost"u8);
        record.Number("n"u8, _lost);
        if (!TrySend(record.End()))
        {
            return false;
        }

        _lost = 0;
        return true;
    }

    // A restarted writer has a new socket, which is found at once.
    private bool TrySend(ReadOnlySpan<byte> packet)
    {
        for (int attempt = 0; attempt < 2; attempt++)
        {
            bool isOld = _socket is not null;
            if (!isOld && !TryConnect())
            {
                return false;
            }

            try
            {
                return FdPassing.TrySend((int)_socket!.Handle, packet, fd: -1) >= 0;
            }
            catch (PosixException)
            {
                Close();
                if (!isOld)
                {
                    return false;
                }
            }
        }

        return false;
    }

    private bool TryConnect()
    {
        if (_wasTried && time.GetElapsedTime(_triedAt) < RetryPause)
        {
            return false;
        }

        (_wasTried, _triedAt) = (true, time.GetTimestamp());
        Socket? socket = null;
        try
        {
            // No descriptor may be left, which loses a record and no more.
            socket = new Socket(
                AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
            socket.Blocking = false;
            socket.SendBufferSize = SendBytes;
            socket.Connect(UnixListener.EndPoint(PathIn(home)));
            if (IsWriter(socket, home))
            {
                _socket = socket;
                return true;
            }
        }
        catch (Exception e) when (e is SocketException or Base.ConfigurationException
            or PosixException)
        {
            // The writer is away, or has no room at present.
        }

        socket?.Dispose();
        return false;
    }

    /// <summary>Whether the process at the other end is the owner of the home's journal. The
    /// directory's owner may put anything there, even a link to another program's socket.</summary>
    public static bool IsWriter(Socket socket, string home) =>
        Fd.TryStatus(Fd.PathBytes(Path.Combine(home, "journal")), out _) is { } directory
        && Credentials.OfPeer((int)socket.Handle).Uid == directory.Uid;

    private void Close()
    {
        _socket?.Dispose();
        _socket = null;
    }
}
