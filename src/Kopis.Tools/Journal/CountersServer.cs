using System.Net.Sockets;
using Kopis.Posix;
using Kopis.Tools.Metrics;

namespace Kopis.Tools.Journal;

/// <summary>
/// Sends the journal's counters to clients of <c>journal/counters</c>; whoever may read the journal
/// may connect. A client gets all counters in one write and is disconnected. What does not fit into
/// its socket's buffer is lost, so that a slow client never holds up records.
/// </summary>
/// <param name="listener">The socket.</param>
/// <param name="counters">What is counted.</param>
internal sealed class CountersServer(Socket listener, JournalCounters counters) : IDisposable
{
    private const int Backlog = 16;
    private const int ReadersAtOnce = 4; // Before records are read again.
    private const int GroupMayConnect = 0x1B0; // 0660: the directory's group, as its files.

    private int _place;

    /// <summary>Makes the socket.</summary>
    /// <exception cref="Base.ConfigurationException">The socket cannot be made.</exception>
    internal static Socket Listen(string home)
    {
        Socket listener = UnixListener.Listen(
            JournalSamples.PathIn(home), SocketType.Stream, Backlog, GroupMayConnect);
        listener.Blocking = false;
        return listener;
    }

    /// <summary>Adds its socket to the poller.</summary>
    internal void AddTo(Poller poller) => _place = poller.Add((int)listener.Handle, read: true);

    /// <summary>Answers the clients that wait.</summary>
    internal void Serve(Poller poller)
    {
        for (int i = 0; i < ReadersAtOnce && poller.IsReady(_place); i++)
        {
            int fd = Fd.TryAccept((int)listener.Handle);
            if (fd < 0)
            {
                return;
            }

            try
            {
                Fd.SetNonBlocking(fd, true);
                _ = FdPassing.TrySend(fd, MetricText.Lines(counters.Samples()), fd: -1);
            }
            catch (PosixException)
            {
                // The client is gone.
            }

            Fd.Close(fd);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => listener.Dispose();
}
