using Kopis.Base;

namespace Kopis.Remote;

/// <summary>LMTP's replies to a message: one for each recipient that was accepted, in their order
/// (RFC 2033 §4.2). Each decides about that recipient alone, at once: what becomes of the
/// connection later is nothing to it.</summary>
internal sealed class LmtpReplies(SmtpLink link, RemoteReport report)
{
    private int _next; // The first recipient that may be without its reply.
    private bool _isDelivered;

    /// <summary>Reads all.</summary>
    /// <exception cref="IOException">The connection is lost, or a reply has no sense.</exception>
    internal async Task ReadAsync(CancellationToken stop)
    {
        for (; MoveToAccepted(); _next++)
        {
            int code = await link.Peer.ReadReplyAsync(stop);
            if (code is < 200 or (>= 300 and < 400) or >= 600)
            {
                throw new IOException("That is no reply to a message.");
            }

            Set(code >= 500 ? 'h' : code >= 400 ? 's' : 'r');
            if (code == ClientTransaction.ServiceCloses)
            {
                _next++;
                throw new IOException("The server ends the connection.");
            }
        }
    }

    /// <summary>No more replies come: the others may have the message, or not.</summary>
    internal void Lose(string why)
    {
        for (; MoveToAccepted(); _next++)
        {
            report.Set(_next, 's', ByteText.ToBytes(why));
        }
    }

    /// <summary>Sets the message's report, which each recipient's own result comes before.
    /// </summary>
    internal RemoteReport End()
    {
        report.IsPassedOn = _isDelivered && link.Offers.Dsn;
        return _isDelivered
            ? report.End('K', "")
            : report.End('D', $"Giving up on {link.Ip}.\n");
    }

    private bool MoveToAccepted()
    {
        while (_next < report.Recipients.Count && report.Recipients[_next].Letter != 'r')
        {
            _next++;
        }

        return _next < report.Recipients.Count;
    }

    private void Set(char letter)
    {
        _isDelivered |= letter == 'r';
        string text = letter == 'r'
            ? $"{link.Ip} accepted message.\n"
            : $"{link.Ip} failed after I sent the message.\n";
        report.Set(_next, letter, [.. ByteText.ToBytes(text), .. link.Peer.RemoteText]);
    }
}
