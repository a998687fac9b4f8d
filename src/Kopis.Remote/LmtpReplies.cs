using Kopis.Base;

namespace Kopis.Remote;

/// <summary>Reads the replies of an LMTP server to a message: one for each accepted recipient, in
/// order (RFC 2033 §4.2). Each decides about its recipient at once, whatever happens to the
/// connection later.</summary>
internal sealed class LmtpReplies(SmtpLink link, RemoteReport report)
{
    private int _next; // The first recipient that may still lack its reply.
    private bool _isDelivered;

    /// <summary>Reads all replies.</summary>
    /// <exception cref="IOException">The connection is lost, or a reply is malformed.</exception>
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

    /// <summary>Called if no more replies come: the other recipients may have the message or not.
    /// </summary>
    internal void Lose(string why)
    {
        for (; MoveToAccepted(); _next++)
        {
            report.Set(_next, 's', ByteText.ToBytes(why));
        }
    }

    /// <summary>Sets the report about the message; each recipient's own result has precedence.
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
