using System.Net.Sockets;
using System.Text.Json;
using Kopis.Base;
using Kopis.Posix;
using Kopis.Users.Tickets;
using Kopis.Users.Virtual;

namespace Kopis.Users.Settings;

/// <summary>The dashboard's side of a channel to one user's settings. It is a right to these and
/// nothing else, got by his login, and given up with <see cref="Dispose"/>. May be used from many
/// threads.</summary>
public sealed class SettingsClient : IDisposable
{
    private const byte Taken = (byte)'T'; // The first byte of a reader.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly Socket _socket;
    private readonly SemaphoreSlim _one = new(1);

    private SettingsClient(Socket socket, bool needsRight) =>
        (_socket, NeedsRight) = (socket, needsRight);

    /// <summary>By a ticket of a login: the user's own process is the other side.</summary>
    /// <param name="post">To who starts it.</param>
    /// <param name="ticket">Of a login just now.</param>
    /// <param name="stop">Nobody waits any more.</param>
    /// <returns>Null where none comes.</returns>
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
                ours = null; // It is the client's.
                return client;
            }
        }
        catch (Exception e) when (e is SocketException
            || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            // Nobody has it.
        }
        finally
        {
            Fd.Close(theirs);
            ours?.Dispose();
        }

        return null;
    }

    /// <summary>Where all of Kopis is one user, a virtual user's files are the caller's own.
    /// </summary>
    /// <param name="home">The qmail home.</param>
    /// <param name="account">Who has logged in.</param>
    /// <returns>Null where there is no such user.</returns>
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

    /// <summary>Whether the other side takes what comes with a right alone, which qmail-lookup
    /// gives (<see cref="Lookup.LoginClient.RightAsync"/>).</summary>
    public bool NeedsRight { get; }

    /// <summary>The settings as they are.</summary>
    /// <param name="right">That the login still holds.</param>
    /// <param name="stop">Nobody waits any more.</param>
    /// <exception cref="ConfigurationException">They cannot be read; in words for the user, which
    /// are his own process's.</exception>
    /// <exception cref="IOException">The channel is over.</exception>
    public Task<UserSettings> ReadAsync(byte[] right, CancellationToken stop) =>
        AskAsync(null, right, stop);

    /// <summary>Writes settings.</summary>
    /// <param name="settings">They.</param>
    /// <param name="right">That the login still holds.</param>
    /// <param name="stop">Nobody waits any more.</param>
    /// <returns>What they are then.</returns>
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
            _socket.Dispose(); // An answer that comes late would be taken for the next one.
            throw;
        }
    }

    private static (Socket Ours, int Theirs) Pair()
    {
        (int ours, int theirs) = Fd.SocketPair();
        return (new Socket(new SafeSocketHandle(ours, ownsHandle: true)), theirs);
    }
}
