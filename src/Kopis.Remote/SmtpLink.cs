using System.Buffers;
using Kopis.Mail;

namespace Kopis.Remote;

/// <summary>A connection whose server knows our name, for one transaction after another.</summary>
/// <param name="peer">The server's end.</param>
/// <param name="ip">Its address, for reports.</param>
/// <param name="key">What it may be used for: a destination and what is asked of TLS.</param>
/// <param name="opened">When it came about.</param>
internal sealed class SmtpLink(SmtpPeer peer, string ip, string key, DateTimeOffset opened)
    : IDisposable
{
    private static readonly TimeSpan QuitLimit = TimeSpan.FromSeconds(1);

    internal SmtpPeer Peer { get; } = peer;

    internal string Ip { get; } = ip;

    internal string Key { get; } = key;

    internal DateTimeOffset Opened { get; } = opened;

    /// <summary>When it was put aside for the next message.</summary>
    internal DateTimeOffset IdleSince { get; set; }

    /// <summary>What the server offers, inside TLS where there is TLS.</summary>
    internal ServerOffers Offers { get; set; }

    /// <summary>Transactions that were begun.</summary>
    internal int Messages { get; set; }

    /// <summary>The last transaction ended with its final reply: the next may begin.</summary>
    internal bool IsClean { get; set; }

    /// <summary>Says QUIT, whose reply nobody waits for, and closes.</summary>
    internal async Task CloseAsync()
    {
        try
        {
            Peer.Output.ResetWrittenCount();
            Peer.Output.Write("QUIT\r\n"u8);
            await Peer.FlushAsync(QuitLimit, CancellationToken.None);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException
            or InvalidOperationException)
        {
            // What was reported stands.
        }

        Dispose();
    }

    public void Dispose() => Peer.Dispose();
}
