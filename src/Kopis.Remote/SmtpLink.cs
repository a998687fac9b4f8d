using System.Buffers;
using System.Net;
using System.Net.Sockets;
using Kopis.Config.Maps;
using Kopis.Mail.SmtpClient;
using Kopis.Posix;
using Kopis.Queue.Spawn;

namespace Kopis.Remote;

/// <summary>A connection whose server knows our name, for one transaction after another.</summary>
/// <param name="peer">The server's end.</param>
/// <param name="address">Its address.</param>
/// <param name="key">What it may be used for: a destination, what is asked of TLS, a login.</param>
/// <param name="opened">When it came about.</param>
internal sealed class SmtpLink(
    SmtpConnection peer, IPAddress address, string key, DateTimeOffset opened)
    : IDisposable
{
    private static readonly TimeSpan QuitLimit = TimeSpan.FromSeconds(1);

    private bool _isLeft;

    internal SmtpConnection Peer { get; } = peer;

    internal IPAddress Address { get; } = address;

    /// <summary>What reports call the server: its address, or its socket's path.</summary>
    internal string Ip { get; init; } = address.ToString();

    /// <summary>The server speaks LMTP (RFC 2033).</summary>
    internal bool IsLmtp { get; init; }

    /// <summary>The server speaks QMTP.</summary>
    internal bool IsQmtp { get; init; }

    internal string Key { get; } = key;

    /// <summary>The server's port; 0: a Unix socket.</summary>
    internal int Port { get; init; }

    /// <summary>Where it goes.</summary>
    internal IPEndPoint EndPoint => new(Address, Port);

    internal DateTimeOffset Opened { get; } = opened;

    /// <summary>The server's name; empty for a literal address.</summary>
    internal string Host { get; init; } = "";

    /// <summary>The right to it, once it is open; given back when it is closed.</summary>
    internal LinkPlace? Place { get; set; }

    /// <summary>As <see cref="LinkPool.Renew"/> gave it.</summary>
    internal int Generation { get; init; }

    /// <summary>Its destination's.</summary>
    internal DestinationRule Rule { get; init; } = DestinationRule.Default;

    /// <summary>Our name there; null: that of helohost.</summary>
    internal byte[]? Helo { get; init; }

    /// <summary>The address of this host that control/sourceaddresses names; null: the system
    /// chose.</summary>
    internal IPAddress? Source { get; init; }

    /// <summary>The destination's name.</summary>
    internal string Destination { get; init; } = "";

    /// <summary>How long it may wait for another message.</summary>
    internal TimeSpan IdleLimit { get; init; }

    /// <summary>The server, for who wants to know about the attempt.</summary>
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

    /// <summary>For reports, behind what qmail says of a connection that died: to whom, and of
    /// what.</summary>
    internal string Died(IOException e) =>
        $"{(Host.Length > 0 ? Host + " " : "")}[{Ip}]: "
        + $"{(e is SmtpTimeoutException ? ErrorText.TimedOut
            : e.InnerException is SocketException socket ? ErrorText.Of(socket)
            : e.Message)}\n";

    /// <summary>When it was put aside for the next message.</summary>
    internal DateTimeOffset IdleSince { get; set; }

    /// <summary>What the server offers, inside TLS where there is TLS.</summary>
    internal ServerOffers Offers { get; set; }

    /// <summary>What the connection has come to be, for a login.</summary>
    internal LoginTrust Trust { get; set; } = LoginTrust.PlainText;

    /// <summary>Transactions that were begun.</summary>
    internal int Messages { get; set; }

    /// <summary>The last transaction ended with the server taking the message: the next may begin,
    /// of whatever message.</summary>
    internal bool IsClean { get; set; }

    /// <summary>Every command of the last transaction has its reply, but the transaction may still
    /// be open: RSET comes before the next.</summary>
    internal bool NeedsReset { get; set; }

    /// <summary>Says QUIT, whose reply nobody waits for, and closes.</summary>
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
            // What was reported stands.
        }

        Dispose();
    }

    /// <summary>Says goodbye to a server that may count connections, and waits until it has seen
    /// the end of this one.</summary>
    /// <returns>The right to another.</returns>
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
            // It is over in any case.
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
