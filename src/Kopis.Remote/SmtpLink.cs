using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Kopis.Config.Maps;
using Kopis.Mail.SmtpClient;
using Kopis.Posix;
using Kopis.Queue.Spawn;

namespace Kopis.Remote;

/// <summary>A connection on which the server knows our name, for one transaction after another.
/// </summary>
/// <param name="peer">The connection.</param>
/// <param name="address">The server's address.</param>
/// <param name="key">What it may be used for: a destination, a TLS requirement, a login.</param>
/// <param name="opened">When it was opened.</param>
internal sealed class SmtpLink(
    SmtpConnection peer, IPAddress address, string key, DateTimeOffset opened)
    : IDisposable
{
    private static readonly TimeSpan QuitLimit = TimeSpan.FromSeconds(1);

    private bool _isLeft;

    internal SmtpConnection Peer { get; } = peer;

    internal IPAddress Address { get; } = address;

    /// <summary>How reports name the server: by its address, or its socket's path.</summary>
    internal string Ip { get; init; } = address.ToString();

    /// <summary>Whether the server speaks LMTP (RFC 2033).</summary>
    internal bool IsLmtp { get; init; }

    /// <summary>Whether the server speaks QMTP.</summary>
    internal bool IsQmtp { get; init; }

    internal string Key { get; } = key;

    /// <summary>The server's port; 0: a Unix socket.</summary>
    internal int Port { get; init; }

    /// <summary>The address and port of the server.</summary>
    internal IPEndPoint EndPoint => new(Address, Port);

    internal DateTimeOffset Opened { get; } = opened;

    /// <summary>The server's name; empty for a literal address.</summary>
    internal string Host { get; init; } = "";

    /// <summary>The right to the connection, once it is open; returned when it is closed.</summary>
    internal LinkPlace? Place { get; set; }

    /// <summary>The generation of control files, as <see cref="LinkPool.Renew"/> returned it.
    /// </summary>
    internal int Generation { get; init; }

    /// <summary>The rule of its destination.</summary>
    internal DestinationRule Rule { get; init; } = DestinationRule.Default;

    /// <summary>Our name for this connection; null: the one in helohost.</summary>
    internal byte[]? Helo { get; init; }

    /// <summary>The address of this host that control/sourceaddresses names; null: the system chose
    /// it.</summary>
    internal IPAddress? Source { get; init; }

    /// <summary>The destination's name.</summary>
    internal string Destination { get; init; } = "";

    /// <summary>How long it may wait for another message.</summary>
    internal TimeSpan IdleLimit { get; init; }

    /// <summary>Describes the server, for details about the attempt.</summary>
    internal AttemptServer Server => new(
        Host, Ip, Peer.TlsVersion,
        AttemptFlags.ReachedServer
            | (Peer.TlsVersion.Length > 0 ? AttemptFlags.Tls : AttemptFlags.None)
            | (Trust == LoginTrust.Verified ? AttemptFlags.Verified : AttemptFlags.None)
            | (Messages > 1 ? AttemptFlags.UsedAgain : AttemptFlags.None))
    {
        Source = Source,
        Destination = Destination,
    };

    /// <summary>The end of a report about a lost connection, after qmail's own words: to which
    /// server, and why.</summary>
    internal string Died(IOException e) =>
        $"{(Host.Length > 0 ? Host + " " : "")}[{Ip}]: "
        + $"{(e is SmtpTimeoutException ? ErrorText.TimedOut
            : e.InnerException is SocketException socket ? ErrorText.Of(socket)
            : e.Message)}\n";

    /// <summary>Since when it waits for the next message.</summary>
    internal DateTimeOffset IdleSince { get; set; }

    /// <summary>What the server offers, inside TLS where there is TLS.</summary>
    internal ServerOffers Offers { get; set; }

    /// <summary>How trustworthy the connection is, for a login.</summary>
    internal LoginTrust Trust { get; set; } = LoginTrust.PlainText;

    /// <summary>How many transactions were begun.</summary>
    internal int Messages { get; set; }

    /// <summary>Whether the server accepted the message of the last transaction, so that another
    /// one may begin.</summary>
    internal bool IsClean { get; set; }

    /// <summary>Whether every command of the last transaction has its reply, but the transaction
    /// may still be open: RSET must come before the next.</summary>
    internal bool NeedsReset { get; set; }

    /// <summary>Sends QUIT without waiting for the reply, and closes the connection.</summary>
    internal async Task CloseAsync()
    {
        try
        {
            Peer.Output.ResetWrittenCount();
            Peer.Output.Write(IsQmtp ? [] : "QUIT\r\n"u8);
            await Peer.FlushAsync(QuitLimit, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException
            or InvalidOperationException)
        {
            // What was reported stays valid.
        }

        Dispose();
    }

    /// <summary>Ends the session with a server that may count connections, and waits until the
    /// server has seen the end.</summary>
    /// <returns>The right to another connection.</returns>
    internal async Task<LinkPlace> LeaveAsync()
    {
        _isLeft = true;
        try
        {
            Peer.Output.ResetWrittenCount();
            Peer.Output.Write(IsQmtp ? [] : "QUIT\r\n"u8);
            await Peer.FlushAsync(QuitLimit, CancellationToken.None);
            if (!IsQmtp)
            {
                await Peer.ReadToEndAsync(QuitLimit, CancellationToken.None);
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException
            or InvalidOperationException)
        {
            // The connection is over in any case.
        }

        Dispose();
        return Place!;
    }

    public void Dispose()
    {
        Peer.Dispose();
        if (!_isLeft)
        {
            Place?.Dispose();
        }
    }
}
