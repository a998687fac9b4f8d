using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;
using Kopis.Posix;

namespace Kopis.Users.Tickets;

/// <summary>
/// How a listener reaches a user's qmail-pop3d, through <c>users/readers</c> of qmail-lookup. Each
/// packet is a <see cref="ReaderRequest"/> and one end of a socket pair. There is no answer; if the
/// request is refused, the other end is closed. May be used from many threads.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Lives as long as its process.")]
public sealed class TicketClient(string home)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);

    private readonly UnixDomainSocketEndPoint _endPoint =
        UnixListener.EndPoint(SocketPath(home));
    private readonly SemaphoreSlim _one = new(1);
    private Socket? _socket;

    /// <summary>The path of the socket.</summary>
    public static string SocketPath(string home) => Path.Combine(home, "users", "readers");

    /// <summary>Whether a process accepts packets there.</summary>
    public static bool IsServed(string home)
    {
        using Socket probe = NewSocket();
        try
        {
            probe.Connect(UnixListener.EndPoint(SocketPath(home)));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <summary>Waits for a while until one does: it may have been started at the same time as the
    /// listener.</summary>
    public static void WaitUntilServed(string home)
    {
        long began = TimeProvider.System.GetTimestamp();
        while (!IsServed(home) && TimeProvider.System.GetElapsedTime(began) < Patience)
        {
            Thread.Sleep(Pause);
        }
    }

    /// <summary>Sends a request with a descriptor.</summary>
    /// <param name="packet">A <see cref="ReaderRequest"/>.</param>
    /// <param name="end">The descriptor to pass; the caller still closes its own.</param>
    /// <param name="stop">The listener is ending.</param>
    /// <returns>False if it is not accepted in time.</returns>
    /// <exception cref="OperationCanceledException">The listener is ending.</exception>
    public async Task<bool> TrySendAsync(byte[] packet, int end, CancellationToken stop)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        try
        {
            await _one.WaitAsync(limit.Token);
            try
            {
                while (!await TryOnceAsync(packet, end, limit.Token))
                {
                    await Task.Delay(Pause, limit.Token); // It is full, or is restarting.
                }

                return true;
            }
            finally
            {
                _one.Release();
            }
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return false;
        }
    }

    private async Task<bool> TryOnceAsync(byte[] packet, int end, CancellationToken stop)
    {
        try
        {
            if (_socket is null)
            {
                Socket socket = NewSocket();
                _socket = socket;
                await socket.ConnectAsync(_endPoint, stop);
                Fd.SetNonBlocking((int)socket.Handle, true);
            }

            return FdPassing.TrySend((int)_socket.Handle, packet, end) == packet.Length;
        }
        catch (Exception e) when (e is SocketException or PosixException)
        {
            _socket?.Dispose();
            _socket = null;
            return false;
        }
    }

    private static Socket NewSocket() =>
        new(AddressFamily.Unix, SocketType.Seqpacket, ProtocolType.Unspecified);
}
