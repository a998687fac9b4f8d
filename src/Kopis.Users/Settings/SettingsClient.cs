using System.Net.Sockets;
using System.Text.Json;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Tickets;
using Kopis.Users.Virtual;

namespace Kopis.Users.Settings;

/// <summary>The dashboard's end of a channel to one user's settings. The channel gives access to
/// these settings and nothing else. It is opened by the user's login, and closed by
/// <see cref="Dispose"/>. May be used from many threads.</summary>
public sealed class SettingsClient : IDisposable
{
    private const byte Taken = (byte)'T'; // The first byte of a reader.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Socket _socket;
    private readonly SemaphoreSlim _one = new(1);

    private SettingsClient(Socket socket, bool needsRight) =>
        (_socket, NeedsRight) = (socket, needsRight);

    /// <summary>Opens a channel with the ticket of a login. The other end is the user's own
    /// process.</summary>
    /// <param name="post">Reaches the process that starts it.</param>
    /// <param name="ticket">The ticket of a login that has just succeeded.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>Null if no process answers.</returns>
    public static async Task<SettingsClient?> ConnectAsync(
        TicketClient post, byte[] ticket, CancellationToken stop)
    {
        if (ReaderRequest.MakeForSettings(ticket) is not { } packet)
        {
            return null;
        }

        (Socket? ours, int theirs) = Pair();
        try
        {
            using CancellationTokenSource limit =
                CancellationTokenSource.CreateLinkedTokenSource(stop);
            limit.CancelAfter(Patience);
            bool isSent = await post.TrySendAsync(packet, theirs, limit.Token);
            Fd.Close(theirs);
            theirs = -1;
            byte[] first = new byte[1];
            if (isSent && await ours.ReceiveAsync(first, limit.Token) == 1 && first[0] == Taken)
            {
                SettingsClient client = new(ours, needsRight: true);
                ours = null; // It belongs to the client now.
                return client;
            }
        }
        catch (Exception e) when (e is SocketException
            || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            // No process has taken it.
        }
        finally
        {
            Fd.Close(theirs);
            ours?.Dispose();
        }

        return null;
    }

    /// <summary>Opens a channel in single-user mode, where a virtual user's files belong to the
    /// caller's own user.</summary>
    /// <param name="home">The qmail home.</param>
    /// <param name="account">The account that has logged in.</param>
    /// <returns>Null if there is no such user.</returns>
    public static SettingsClient? OfOneUser(string home, string account)
    {
        if (new VirtualUsers(home).Find(ByteText.ToBytes(account)) is not { } mailbox)
        {
            return null;
        }

        (Socket ours, int theirs) = Pair();
        Socket other = new(new SafeSocketHandle(theirs, ownsHandle: true));
        ErrorLog.Watch(Task.Run(async () =>
        {
            using (other)
            {
                await SettingsServer.ServeAsync(
                    other, mailbox.Home, TimeProvider.System, key: null);
            }
        }));
        return new SettingsClient(ours, needsRight: false);
    }

    /// <summary>Whether the other end requires a right with each request, which qmail-lookup gives
    /// (<see cref="Lookup.LoginClient.RightAsync"/>).</summary>
    public bool NeedsRight { get; }

    /// <summary>Reads the current settings.</summary>
    /// <param name="right">Proves that the login is still valid.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <exception cref="ConfigurationException">They cannot be read. The message is for the user,
    /// and comes from the user's own process.</exception>
    /// <exception cref="IOException">The channel has ended.</exception>
    public Task<UserSettings> ReadAsync(byte[] right, CancellationToken stop) =>
        AskAsync(null, right, stop);

    /// <summary>Writes settings.</summary>
    /// <param name="settings">The settings.</param>
    /// <param name="right">Proves that the login is still valid.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>The settings after the change.</returns>
    /// <inheritdoc cref="ReadAsync" path="/exception"/>
    public Task<UserSettings> WriteAsync(
        UserSettings settings, byte[] right, CancellationToken stop) =>
        AskAsync(settings, right, stop);

    /// <inheritdoc/>
    public void Dispose()
    {
        _socket.Dispose();
        _one.Dispose();
    }

    private async Task<UserSettings> AskAsync(
        UserSettings? settings, byte[] right, CancellationToken stop)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        limit.CancelAfter(Patience);
        try
        {
            await _one.WaitAsync(limit.Token);
            try
            {
                return await AskOnceAsync(settings, right, limit.Token);
            }
            finally
            {
                _one.Release();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or JsonException
            or OperationCanceledException)
        {
            stop.ThrowIfCancellationRequested();
            throw new IOException("the user's own process does not answer", e);
        }
    }

    private async Task<UserSettings> AskOnceAsync(
        UserSettings? settings, byte[] right, CancellationToken stop)
    {
        try
        {
            await SettingsMessage.SendAsync(
                _socket, SettingsMessage.Make(settings, null, right), stop);
            (UserSettings? now, string? fault, _) = SettingsMessage.Parse(
                await SettingsMessage.ReceiveAsync(_socket, stop)
                    ?? throw new JsonException("the channel is over"));
            return now ?? throw new ConfigurationException(fault ?? "no answer");
        }
        catch (Exception e) when (e is not ConfigurationException)
        {
            _socket.Dispose(); // A late answer would be taken for that to the next request.
            throw;
        }
    }

    private static (Socket Ours, int Theirs) Pair()
    {
        (int ours, int theirs) = Fd.SocketPair();
        return (new Socket(new SafeSocketHandle(ours, ownsHandle: true)), theirs);
    }
}
